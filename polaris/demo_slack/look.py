"""How the pages of the stand-in for Slack look, light and dark, and how they follow what is said.

The emoji that the bridge uses are drawn here: many machines, those that make pictures for a manual above all, have no
font for them.
"""

DRAWN = {
    "⏳": '<path d="M4 2h12v2l-5 6 5 6v2H4v-2l5-6-5-6z" fill="#c98a3c"/>'
    '<path d="M6 4h8l-4 5zM6 16l4-4 4 4z" fill="#fff3cf"/>',
    "👀": '<g fill="#fff" stroke="#555"><ellipse cx="5.5" cy="10" rx="4" ry="6"/>'
    '<ellipse cx="14.5" cy="10" rx="4" ry="6"/></g>'
    '<circle cx="4" cy="11" r="2.2" fill="#222"/><circle cx="13" cy="11" r="2.2" fill="#222"/>',
    "✅": '<rect x="1" y="1" width="18" height="18" rx="4" fill="#3fa34d"/>'
    '<path d="M5 10l4 4 7-8" fill="none" stroke="#fff" stroke-width="2.6"/>',
    "⚠️": '<path d="M10 1l9 17H1z" fill="#f5b700"/><path d="M9 7h2v6H9zM9 14h2v2H9z" fill="#222"/>',
    "🤖": '<path d="M9.4 1h1.2v4H9.4z" fill="#888"/><circle cx="10" cy="1.5" r="1.5" fill="#d9534f"/>'
    '<rect x="2" y="5" width="16" height="13" rx="3" fill="#9fb4c7"/><circle cx="7" cy="10" r="2" fill="#1d3557"/>'
    '<circle cx="13" cy="10" r="2" fill="#1d3557"/><path d="M6 14h8v2H6z" fill="#1d3557"/>',
    "🔧": '<path d="M18 5l-3 3-3-3 3-3a5 5 0 0 0-6 6L2 15l3 3 7-7a5 5 0 0 0 6-6z" fill="#7b8794"/>',
    "📥": '<path d="M2 11h4l2 3h4l2-3h4v7H2z" fill="#7b8794"/><path d="M9 1h2v6h3l-4 5-4-5h3z" fill="#2f6690"/>',
    "🚫": '<g fill="none" stroke="#c0392b" stroke-width="2.6"><circle cx="10" cy="10" r="8"/>'
    '<path d="M4.5 4.5l11 11"/></g>',
    "❌": '<path d="M4 4l12 12M16 4L4 16" stroke="#c0392b" stroke-width="3.4"/>',
    "🗑️": '<path d="M3 5h14v2H3zM7 2h6v2H7zM4 8h12l-1 11H5z" fill="#7b8794"/>',
    "💬": '<path d="M2 3h16v11H9l-4 4v-4H2z" fill="#7fb2e5"/>',
    "🎉": '<path d="M2 18l5-12 7 7z" fill="#f5b700"/>'
    '<path d="M12 2l1 4M18 8l-4 1M17 2l-3 4" stroke="#c0392b" stroke-width="1.6"/>',
    "🔇": '<path d="M2 7h4l5-4v14l-5-4H2z" fill="#7b8794"/>'
    '<path d="M13 7l5 6M18 7l-5 6" stroke="#c0392b" stroke-width="1.8"/>',
    "✋": '<path d="M4 9V5h2v5h1V2h2v7h1V1h2v8h1V3h2v9l2-2 2 2-4 7H7l-3-5z" fill="#e0ac69"/>',
    "👁": '<path d="M1 10q9-11 18 0q-9 11-18 0z" fill="none" stroke="currentColor" stroke-width="1.6"/>'
    '<circle cx="10" cy="10" r="3" fill="currentColor"/>',
    "✳️": '<g stroke="#b8860b" stroke-width="2.6"><path d="M10 1v18M1 10h18M4 4l12 12M16 4L4 16"/></g>',
}

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
.emoji { width: 1.25em; height: 1.25em; vertical-align: -0.25em; }
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
