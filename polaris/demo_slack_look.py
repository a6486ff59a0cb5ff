"""How the pages of the stand-in for Slack look, light and dark, and how they follow what is said."""

SCRIPT = """
const box = document.getElementById("messages");
const down = () => { box.scrollTop = box.scrollHeight; };
down();
setInterval(async () => {
  if (document.hidden) return;
  const address = new URL(location.href);
  address.searchParams.set("part", "messages");
  try {
    const answer = await fetch(address);
    const fresh = await answer.text();
    if (answer.ok && fresh !== box.dataset.shown) {
      const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
      box.innerHTML = fresh;
      box.dataset.shown = fresh;
      if (atEnd) down();
    }
  } catch { /* the stand-in was stopped */ }
}, 700);
"""
STYLE = """
:root { color-scheme: light dark; --text: #1d1c1d; --quiet: #5d5c60; --back: #fff; --side: #f3eef4; --line: #dddbe0;
  --code: #b3124a; --soft: #f6f6f7; --link: #0b5cad; --mark: #fdf0c4; --badge: #e4e2e6; --main: #176b4d; }
@media (prefers-color-scheme: dark) { :root { --text: #e4e2e6; --quiet: #a5a3aa; --back: #1a1d21; --side: #211a25;
  --line: #3a3b40; --code: #f08aab; --soft: #24272c; --link: #6db3f2; --mark: #4a3f1a; --badge: #3c3d44;
  --main: #1f8a63; } }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.46 system-ui, sans-serif; color: var(--text); background: var(--back); }
a { color: var(--link); } h1 { font-size: 18px; margin: 0; } p { margin: 0; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 1px; }
.banner { grid-area: banner; padding: 6px 16px; background: var(--mark); font-size: 13px; text-align: center; }
.window { display: grid; height: 100vh; grid-template: "banner banner" auto "nav main" 1fr / 210px 1fr; }
nav { grid-area: nav; background: var(--side); padding: 12px 8px; overflow: auto;
  border-right: 1px solid var(--line); }
nav h2 { font-size: 15px; margin: 6px 8px; } nav ul { list-style: none; margin: 0 0 16px; padding: 0; }
nav li { padding: 0 8px; color: var(--quiet); } nav a { display: block; margin: 0 -8px; padding: 3px 8px;
  border-radius: 6px;
  color: var(--text); text-decoration: none; } nav a[aria-current] { background: var(--link); color: var(--back); }
.window main { grid-area: main; display: flex; flex-direction: column; min-width: 0; min-height: 0; }
header { padding: 10px 20px; border-bottom: 1px solid var(--line); } header p { font-size: 13px;
  color: var(--quiet); }
#messages { flex: 1; overflow: auto; padding: 12px 0; } .empty { padding: 20px; color: var(--quiet); }
article { display: flex; gap: 10px; padding: 6px 20px; } article > div { min-width: 0; flex: 1; }
article:hover { background: var(--soft); } article:target { background: var(--mark); }
.face { width: 36px; height: 36px; border-radius: 6px; flex: none; font-size: 22px; line-height: 36px;
  text-align: center;
  background: var(--soft); } img.face { background: none; }
.who time, .quiet, .answer { font-size: 12px; color: var(--quiet); } .answer { margin-left: 10px; opacity: 0; }
article:hover .answer, .answer:focus { opacity: 1; }
.app { font-size: 10px; font-weight: 700; padding: 1px 4px; border-radius: 3px; background: var(--badge); }
.text { overflow-wrap: anywhere; } .text code { color: var(--code); background: var(--soft);
  border: 1px solid var(--line);
  border-radius: 3px; padding: 1px 3px; font-size: 13px; } pre { margin: 4px 0; padding: 8px; background: var(--soft);
  border: 1px solid var(--line); border-radius: 4px; font-size: 13px; overflow: auto; white-space: pre-wrap; }
blockquote { margin: 2px 0; padding-left: 12px; border-left: 4px solid var(--line); }
.mention { background: var(--mark); border-radius: 3px; padding: 0 2px; }
.reactions { list-style: none; display: flex; gap: 4px; margin: 4px 0 0; padding: 0; }
  .reactions li { font-size: 12px;
  padding: 1px 7px; border: 1px solid var(--line); border-radius: 12px; background: var(--soft); }
.thread { margin-left: 46px; border-left: 2px solid var(--line); } .thread .face { width: 26px; height: 26px;
  line-height: 26px; font-size: 16px; }
.hint { background: var(--soft); border-left: 3px solid var(--mark); }
.write { display: flex; flex-wrap: wrap; gap: 8px; align-items: end; padding: 10px 20px 16px;
  border-top: 1px solid var(--line); }
.write p { flex-basis: 100%; } .grow { flex: 1; min-width: 12em; } .away { position: absolute; left: -99em; }
input, select, button { font: inherit; color: inherit; background: var(--back); border: 1px solid var(--quiet);
  border-radius: 6px; padding: 6px 10px; } .grow input { width: 100%; }
button.main { background: var(--main); border-color: var(--main); color: #fff; font-weight: 700; }
.alone { max-width: 34em; margin: 40px auto; padding: 0 20px; } .alone h1 { margin-bottom: 12px; }
@media (max-width: 40em) { .window { grid-template: "banner" auto "nav" auto "main" 1fr / 1fr; }
  nav { max-height: 8em; } }
"""
