// What pages do in the browser beyond links and forms: times in the reader's zone, keys, copying; and the live timeline, its
// folding and its replay. Every page works without it; nothing here is needed to read or to speak.
"use strict";

(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  };
  const fragment = (html) => {
    const holder = document.createElement("template");
    holder.innerHTML = html; // the service's own markup: every text in it was escaped there, and scripts are not allowed
    return holder.content;
  };

  // Times

  const clock = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const day = new Intl.DateTimeFormat([], { year: "numeric", month: "short", day: "numeric" });
  const moment = new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "short" });
  const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

  function ago(at) {
    const seconds = (at - Date.now()) / 1000;
    for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
      if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
    }
    return "just now";
  }

  function localize(root) {
    for (const time of $$("time[data-time]", root)) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.valueOf())) continue;
      time.title = moment.format(at);
      const how = time.dataset.time;
      time.textContent = how === "clock" ? clock.format(at) : how === "day" ? day.format(at) : how === "ago" ? ago(at) : moment.format(at);
    }
  }

  // Small things of every page

  async function copied(button, text) {
    const was = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select and copy";
    }
    setTimeout(() => { button.textContent = was; }, 1500);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.copy !== undefined) copied(button, button.dataset.copy);
    else if (button?.dataset.copyFrom) copied(button, $("#" + button.dataset.copyFrom).textContent);
    else if (button?.dataset.copyAddress !== undefined) copied(button, location.href);
    else if (button?.dataset.dismiss) button.closest(button.dataset.dismiss).remove();
    for (const menu of $$("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-filter] select")) event.target.form.requestSubmit();
  });

  document.addEventListener("submit", (event) => {
    // An address without empty questions is one to pass on.
    if (event.target.matches("[data-filter]")) for (const field of event.target.elements) field.disabled ||= field.name && !field.value;
  });

  document.addEventListener("keydown", (event) => {
    if (event.target.matches?.("[data-send]") && event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      event.target.form.requestSubmit();
    }
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt;
    if (!event.detail.successful || !form.matches) return;
    if (form.matches("form[data-clear]")) form.reset();
    else for (const field of form.matches("form") ? form.elements : []) settle(field);
    if (form.matches("form")) $("#problem")?.replaceChildren();
  });
  document.addEventListener("htmx:sendError", (event) => {
    if (!event.detail.elt.matches("form")) return;
    const box = element("div", "problem");
    box.setAttribute("role", "alert");
    box.append(element("p", "", "The service could not be reached. What you wrote is still there; try again."));
    $("#problem")?.replaceChildren(box);
  });
  // What somebody is changing is not taken from under their hands.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const target = event.detail.target;
    if (target.id !== "part") return;
    const busy = $$("textarea, select", target).some((field) => field === document.activeElement || isChanged(field));
    if (busy || $("details.menu[open]", target)) event.detail.shouldSwap = false;
    else opened = $$("details[open]", target).map((found) => found.querySelector("summary").textContent);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const target = event.detail.target;
    localize(target);
    if (target.id === "part") for (const found of $$("details", target)) found.open ||= opened.includes(found.querySelector("summary").textContent);
  });
  let opened = [];
  // What was sent is not a change any more.
  function settle(field) {
    if (field.matches("textarea")) field.defaultValue = field.value;
    for (const option of field.options ?? []) option.defaultSelected = option.selected;
  }
  const isChanged = (field) => (field.matches("textarea") ? field.value !== field.defaultValue : $$("option", field).some((o) => o.selected !== o.defaultSelected));

  // Keys

  const visible = (node) => node.getClientRects().length > 0;

  function step(by) {
    const entries = $$("#timeline .entry").filter(visible);
    if (!entries.length) return;
    const at = entries.indexOf(document.activeElement?.closest?.(".entry"));
    let next = entries[at + by];
    if (at < 0) {
      const below = entries.findIndex((entry) => entry.getBoundingClientRect().bottom > 80);
      next = entries[Math.max(0, below)];
    }
    if (next) focusOn(next);
  }

  function focusOn(entry) {
    entry.focus({ preventScroll: true });
    entry.scrollIntoView({ block: "nearest" });
  }

  function firstUnread() {
    const line = $("#unread");
    if (!line) return toBottom();
    line.scrollIntoView({ block: "start" });
    const next = line.nextElementSibling;
    if (next) next.focus({ preventScroll: true });
  }

  // The star comes back as an event, like everything else that is said here.
  function star(entry) {
    const values = { what: "star", about: entry.dataset.seq };
    htmx.ajax("POST", `${$("#timeline").dataset.base}/annotations`, { source: document.body, swap: "none", values });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches?.("input, textarea, select") && event.target.type !== "range";
    if (event.key === "Escape") {
      for (const menu of $$("details.menu[open]")) menu.open = false;
      if (typing) event.target.blur();
      return;
    }
    if (typing || !$("#timeline")) return;
    if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "n") firstUnread();
    else if (event.key === "s" && event.target.matches(".entry[data-seq]")) star(event.target);
    else if (event.key === "/") ($("#by-actor") ?? $("[data-slash]"))?.focus();
    else if (event.key === "?") { const keys = $("[data-keys]"); if (keys) keys.open = !keys.open; }
    else if (event.key === "Enter" && event.target.matches(".entry")) { const details = $("details", event.target); if (details) details.open = !details.open; }
    else return;
    event.preventDefault();
  });

  // The timeline

  const list = $("#timeline");
  const isFolded = list?.dataset.fold !== undefined;
  const KEPT = 1500; // entries of a page that is open for long
  const near = () => document.documentElement.scrollHeight - innerHeight - scrollY < 160;
  const toBottom = () => scrollTo({ top: document.documentElement.scrollHeight });
  const ENDS = ["reply", "turn.interrupted"];
  const STEPS = ["message", "tool.call", "tool.result", "notice"];
  let running = null; // the turn that runs, as far as is known
  let lastDay = "";

  // Puts one entry where it belongs. The rules of folding are those of timeline.py's fold.
  function place(node) {
    const kind = node.dataset.kind;
    localize(node);
    tell(node);
    if (!isFolded) {
      divide(node);
      list.append(node);
      return node;
    }
    if (kind === "delivery") return null;
    if (/^(driver|session)\./.test(kind)) running = close(running);
    let turn = node.dataset.turn ? $(`.turn[data-name="${CSS.escape(node.dataset.turn)}"]`, list) : running;
    if (!turn && node.dataset.turn) {
      turn = element("section", "turn");
      turn.dataset.name = node.dataset.turn;
      turn.setAttribute("aria-label", `Turn from event ${node.dataset.seq}`);
      list.append(turn);
    }
    if (!turn) {
      list.append(node);
      return node;
    }
    into(turn, node, kind);
    if (ENDS.includes(kind)) {
      turn.dataset.over = "";
      if (turn === running) running = close(turn);
    } else if (turn.dataset.over === undefined && node.dataset.late === undefined && turn !== running) {
      close(running);
      running = turn;
      turn.classList.add("running");
    }
    return node;
  }

  function close(turn) {
    if (turn) {
      turn.classList.remove("running");
      for (const steps of $$("details.steps[open]", turn)) if (!steps.contains(document.activeElement)) steps.open = false;
    }
    return null;
  }

  function into(turn, node, kind) {
    if (kind === "tool.result" && node.dataset.call) {
      const call = $(`.tool[data-kind="tool.call"][data-call="${CSS.escape(node.dataset.call)}"]`, turn);
      if (call && !$(".result", call)) return nest(call, node);
    }
    if (!STEPS.includes(kind)) return turn.append(node);
    let steps = turn.lastElementChild;
    if (!steps?.matches("details.steps")) {
      const before = $$("details.steps[open]", turn);
      steps = element("details", "steps");
      steps.append(element("summary"), element("div", "folded"));
      steps.open = turn.dataset.over === undefined;
      for (const old of before) if (!old.contains(document.activeElement)) old.open = false;
      turn.append(steps);
    }
    $(".folded", steps).append(node);
    summarize(steps);
  }

  // A result stands inside its call.
  function nest(call, node) {
    const result = element("div", "result");
    for (const { name, value } of [...node.attributes]) if (name !== "class") result.setAttribute(name, value);
    const body = [...$("details", node).children].slice(1);
    const meta = element("p", "meta");
    const arrow = element("span", "arrow", "↳");
    arrow.ariaHidden = "true";
    meta.append(arrow, element("span", "what", node.dataset.failed || (body.length ? "answered" : "done")), $("time", node), $(".seq", node));
    result.append(meta, ...body);
    $("details", call).append(result);
    $(".outcome", call).textContent = node.dataset.failed ?? "";
    call.classList.toggle("failed", node.dataset.failed !== undefined);
    const steps = call.closest("details.steps");
    if (steps) summarize(steps);
  }

  function summarize(steps) {
    const entries = $$(":scope > .folded > .entry", steps);
    const of = (kind) => entries.filter((entry) => entry.dataset.kind === kind).length;
    const count = (number, word) => (number ? `${number} ${word}${number === 1 ? "" : "s"}` : "");
    const calls = of("tool.call"), messages = of("message");
    const failed = entries.filter((entry) => entry.classList.contains("failed")).length;
    const words = [count(calls, "tool call"), failed ? `${failed} failed` : "", count(messages, "message")].filter(Boolean);
    $("summary", steps).textContent = words.join(", ") || count(entries.length, "line");
  }

  // What a delivery says about its advice, wherever that is shown.
  function tell(node) {
    if (!node.dataset.advice) return;
    for (const badge of $$(`[data-state-of="${CSS.escape(node.dataset.advice)}"]`)) {
      badge.textContent = node.dataset.state;
      badge.className = `badge state ${node.dataset.look}`;
    }
  }

  function divide(node) {
    const now = day.format(new Date(node.dataset.at));
    if (now !== lastDay && (lastDay || now !== day.format(new Date()))) list.append(element("p", "day", now));
    lastDay = now;
  }

  function prepare() {
    running = $(".turn.running", list);
    if (isFolded) return;
    const entries = [...list.children];
    for (const node of entries) {
      if (!node.dataset.at) continue;
      const now = day.format(new Date(node.dataset.at));
      if (now !== lastDay && (lastDay || now !== day.format(new Date()))) list.insertBefore(element("p", "day", now), node);
      lastDay = now;
    }
  }

  // The live stream

  function follow() {
    const { live, read } = list.dataset;
    const state = $("#live-state"), jump = $("#to-new");
    let last = Number(list.dataset.after), source = null, tries = 0, timer = 0, fresh = 0, marked = Number(list.dataset.mark || 0);
    let hiddenSince = 0, quiet = false;

    const show = (words, look) => {
      if (state.textContent !== words) state.textContent = words;
      state.className = `live-state ${look}`;
    };
    const connect = () => {
      clearTimeout(timer);
      source?.close();
      source = new EventSource(`${live}${live.includes("?") ? "&" : "?"}after=${last}`);
      source.onopen = () => { tries = 0; show("live", "on"); };
      source.onmessage = (message) => take(message);
      source.addEventListener("at", (message) => { last = Math.max(last, Number(message.lastEventId)); });
      source.addEventListener("resume", () => connect()); // this reader was too slow: go on after what it has
      source.onerror = () => { source.close(); again(); };
    };
    const again = async () => {
      tries += 1;
      show(navigator.onLine ? "reconnecting…" : "offline: waiting for the network", "off");
      if (tries % 3 === 0 && (await isOver())) return;
      clearTimeout(timer);
      timer = setTimeout(connect, Math.min(4000, 250 * 2 ** Math.min(tries, 6)) * (0.75 + Math.random() / 2));
    };
    // The stream cannot say why it was refused: the page can.
    const isOver = async () => {
      try {
        const answer = await fetch($("#part").getAttribute("hx-get"), { redirect: "manual" });
        if (answer.type !== "opaqueredirect" && ![401, 403, 404].includes(answer.status)) return false;
      } catch {
        return false;
      }
      show("ended: you are signed out, or may not see this any more. Load the page again.", "off");
      return true;
    };
    const take = (message) => {
      const seq = Number(message.lastEventId);
      if (seq <= last) return; // a repeat after a reconnect
      last = seq;
      const node = fragment(message.data).firstElementChild;
      if (!node || $(`[data-seq="${seq}"]`, list)) return;
      const follows = near();
      const placed = place(node);
      $("[data-until-first]")?.remove();
      if (["driver", "seat", "session", "delivery", "advice"].includes(node.dataset.kind.split(".")[0])) refresh();
      if (!placed) return;
      placed.classList.add("is-new");
      if (follows && !document.hidden) {
        while (list.childElementCount > KEPT) list.firstElementChild.remove();
        toBottom();
        mark();
      } else {
        fresh += 1;
        jump.textContent = `${fresh} new ↓`;
        jump.hidden = false;
      }
    };
    const refresh = () => {
      if (quiet) return;
      quiet = true;
      setTimeout(() => { quiet = false; document.body.dispatchEvent(new Event("polaris:part")); }, 150);
    };
    const seen = () => {
      if (!near()) return;
      fresh = 0;
      jump.hidden = true;
      mark();
    };
    let marking = 0;
    const mark = () => {
      if (!read || document.hidden || marking || last <= marked || !near()) return;
      marking = setTimeout(async () => {
        marking = 0;
        if (document.hidden || last <= marked) return;
        const seq = last;
        const headers = { ...JSON.parse(document.body.getAttribute("hx-headers")), "HX-Request": "true" };
        try {
          const answer = await fetch(read, { method: "POST", headers, body: new URLSearchParams({ seq }) });
          if (answer.ok) marked = seq;
        } catch { /* the next time */ }
      }, 1000);
    };

    jump.addEventListener("click", () => { toBottom(); seen(); });
    addEventListener("scroll", seen, { passive: true });
    addEventListener("online", connect);
    // A hidden tab keeps no connection for long (browsers allow six for all tabs); it resumes where it was.
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) {
        hiddenSince = Date.now();
        clearTimeout(timer);
        timer = setTimeout(() => { source?.close(); show("paused while the tab is hidden", ""); }, 60000);
      } else {
        clearTimeout(timer);
        if (source?.readyState !== EventSource.OPEN || Date.now() - hiddenSince > 60000) connect();
        seen();
      }
    });
    connect();
    const line = $("#unread");
    if (!line && !location.hash) toBottom();
    else if (line && !location.hash && line.getBoundingClientRect().top > innerHeight * 0.6) line.scrollIntoView({ block: "start" });
    mark();
  }

  // Replay: everything from the start, in order, in its own time; long waits are cut short.

  function replay(player) {
    const play = $("[data-play]", player), slider = $("#position"), shown = $("#position-shown"), speed = $("#speed");
    const reel = [];
    let at = 0, timer = 0, isPlaying = false, isEnd = false, loading = null;

    const more = () => {
      if (isEnd) return Promise.resolve();
      loading ??= load(reel.length ? Number(reel[reel.length - 1].dataset.seq) : Number(player.dataset.first) - 1);
      return loading.finally(() => { loading = null; });
    };
    const load = async (after) => {
      const answer = await fetch(`${player.dataset.more}&after=${after}`);
      if (!answer.ok) { isEnd = true; return; }
      const nodes = [...fragment(await answer.text()).children].filter((node) => node.dataset.seq);
      if (nodes.length) reel.push(...nodes); else isEnd = true;
    };
    const reveal = () => {
      const node = reel[at++].cloneNode(true);
      const placed = place(node);
      const seq = Number(node.dataset.seq);
      slider.value = seq;
      shown.textContent = `#${seq} of ${player.dataset.last}`;
      if (placed && isPlaying) { placed.classList.add("is-new"); toBottom(); }
    };
    const next = async () => {
      clearTimeout(timer);
      if (at >= reel.length) await more();
      if (!isPlaying) return;
      if (at >= reel.length) return stop("Play again");
      const before = at ? new Date(reel[at - 1].dataset.at) : null;
      reveal();
      if (reel.length - at < 30) more();
      const following = reel[at];
      const gap = following && before ? new Date(following.dataset.at) - new Date(reel[at - 1].dataset.at) : 400;
      timer = setTimeout(next, Math.min(2500, Math.max(120, gap)) / Number(speed.value));
    };
    const stop = (words) => { isPlaying = false; clearTimeout(timer); play.textContent = words; };
    const clear = () => { list.replaceChildren(); running = null; at = 0; };
    const seek = async (seq) => {
      const was = isPlaying;
      stop("Play");
      const first = reel.length ? Number(reel[0].dataset.seq) : 0;
      const end = reel.length ? Number(reel[reel.length - 1].dataset.seq) : 0;
      if (seq < first || (seq > end && seq - end > 1000)) { // far away: begin there
        reel.length = 0;
        isEnd = false;
        clear();
        await load(seq - 1);
      } else {
        while (!isEnd && Number(reel[reel.length - 1]?.dataset.seq ?? 0) < seq) await more();
        if (at && seq < Number(reel[at - 1].dataset.seq)) clear();
      }
      while (at < reel.length && Number(reel[at].dataset.seq) <= seq) reveal();
      if (!at && reel.length) reveal();
      if (was) { isPlaying = true; play.textContent = "Pause"; timer = setTimeout(next, 300); }
    };

    play.addEventListener("click", () => {
      if (isPlaying) return stop("Play");
      if (isEnd && at >= reel.length) clear();
      isPlaying = true;
      play.textContent = "Pause";
      next();
    });
    slider.addEventListener("change", () => seek(Number(slider.value)));
    slider.addEventListener("input", () => { shown.textContent = `#${slider.value} of ${player.dataset.last}`; });
    for (const nav of $$(".pages")) nav.hidden = true;
    player.hidden = false;
    clear();
    more().then(() => { if (reel.length) reveal(); });
  }

  localize(document);
  if (list) {
    prepare();
    const player = $("#player");
    if (player) replay(player);
    else if (list.dataset.live) follow();
  }
})();
