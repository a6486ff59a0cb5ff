// Hands what OpenCode tells its plugins to the Polaris daemon, and puts the daemon's advice into the session.
//
// Runs inside OpenCode's server (Bun), which waits for it. So: nothing is started or installed, every call ends within
// 0.7 s whatever the daemon does, nothing is ever thrown or printed. What the daemon did not take is put into the spool
// folder, but only for a session that the daemon has marked in bound/. What is handed over, and what each answer asks
// for, is said in daemon/agents/opencode.py.
//
//   POLARIS_HOME (~/.polaris), POLARIS_PORT (else the port in daemon.json; without either nobody is asked)
import fs from "node:fs"
import net from "node:net"
import os from "node:os"
import path from "node:path"

const LIMIT = 700 // ms, for a call that OpenCode waits for
const PAUSE = 1000 // ms without a call after the daemon did not answer in time, and between its polls
const POLL = 30_000 // ms, a little more than the daemon holds a poll
const LOOK = 2000 // ms between looks for sessions that were connected meanwhile
const KNOWN = 500 // sessions and messages that are remembered
const ANSWER = 1024 * 1024
const OURS = "polaris_"
const ID = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/

const installed = "@HOME@" // filled in by the installer
const home = process.env.POLARIS_HOME || (path.isAbsolute(installed) ? installed : path.join(os.homedir(), ".polaris"))
const pid = process.pid
const sleep = (ms) => new Promise((done) => setTimeout(done, ms).unref?.())

function read(name) {
  try {
    return fs.readFileSync(path.join(home, name), "utf8").trim()
  } catch {
    return ""
  }
}

function port() {
  const set = process.env.POLARIS_PORT
  if (set && /^\d+$/.test(set)) return Number(set)
  try {
    return Number(JSON.parse(read("daemon.json")).port) || 0
  } catch {
    return 0
  }
}

const bound = (id) => ID.test(id ?? "") && fs.existsSync(path.join(home, "bound", id))

// One request on a socket of its own: no proxy of the environment gets between. Answers {status, body}; null: not taken.
function post(where, body, headers, limit) {
  return new Promise((resolve) => {
    const token = read("daemon.token")
    if (!/^[A-Za-z0-9._~+/=-]+$/.test(token)) return resolve(null)
    const data = Buffer.from(body)
    const lines = {
      Host: `127.0.0.1:${port()}`,
      "Content-Type": "application/json",
      "Content-Length": data.length,
      "X-Polaris-Token": token,
      ...headers,
      Connection: "close",
    }
    const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`)
    const chunks = []
    let size = 0
    const socket = net.connect(port(), "127.0.0.1")
    const timer = setTimeout(() => end(null, true), limit)
    timer.unref?.()
    function end(answer, late = false) {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer ?? (late ? { status: 0 } : null))
    }
    socket.unref?.()
    socket.on("error", () => end(null))
    socket.on("data", (chunk) => {
      chunks.push(chunk)
      if ((size += chunk.length) > ANSWER) end(null)
    })
    socket.on("close", () => end(parsed(Buffer.concat(chunks))))
    socket.write(`POST ${where} HTTP/1.1\r\n${head.join("")}\r\n`)
    socket.write(data)
  })
}

function parsed(answer) {
  const cut = answer.indexOf("\r\n\r\n")
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer.toString("latin1", 0, 16))?.[1])
  if (cut < 0 || !status) return null
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(answer.toString("latin1", 0, cut))?.[1] ?? 0)
  const body = answer.subarray(cut + 4)
  // Half an answer is none, but the payload was taken.
  return { status, body: body.length === length ? body.toString() : "" }
}

function object(text) {
  try {
    const told = JSON.parse(text)
    return told && typeof told === "object" && !Array.isArray(told) ? told : {}
  } catch {
    return {}
  }
}

// A line about the capture and then the payload, as hooks/capture.sh leaves it.
function spool(capture, at, body) {
  try {
    const folder = path.join(home, "spool")
    fs.mkdirSync(folder, { mode: 0o700, recursive: true })
    const told = fs.lstatSync(folder)
    if (!told.isDirectory() || (process.getuid && told.uid !== process.getuid())) return
    const unfinished = path.join(folder, `.${capture}.tmp`)
    const about = JSON.stringify({ capture, agent: "opencode", pid, at: at / 1000 })
    fs.writeFileSync(unfinished, `${about}\n${body}`, { mode: 0o600 })
    fs.renameSync(unfinished, path.join(folder, `${capture}.json`))
  } catch {}
}

// What a file holds is not for the record.
const shown = (name, value) => (name === "url" && String(value).startsWith("data:") ? "data:…" : value)

function remember(map, key, value) {
  map.delete(key)
  map.set(key, value)
  if (map.size > KNOWN) map.delete(map.keys().next().value)
}

export const Polaris = async (ctx) => {
  const parents = new Map() // session → the session that started it, or null
  const turns = new Map() // session → the user message that it works on
  const parts = new Map() // assistant message → its parts
  const told = new Map() // assistant messages that were handed over
  const polled = new Set()
  let last = Promise.resolve()
  let quiet = 0
  let clock = 0

  async function parentOf(id) {
    if (!parents.has(id)) {
      // Older than this process: the server knows it.
      const asked = Promise.resolve(ctx.client?.session?.get?.({ path: { id } })).catch(() => null)
      const found = await Promise.race([asked, sleep(LIMIT)])
      remember(parents, id, found?.data?.parentID ?? null)
    }
    return parents.get(id)
  }

  const unfinished = new Set() // what OpenCode told and the daemon does not have yet

  // What goes to the daemon, made once: what is posted and what is spooled are the same capture.
  function packed(one, parent, root) {
    if (one.body) return one
    // Never twice the same: files are taken up in this order.
    one.at = clock = Math.max(Date.now(), clock + 1)
    one.capture = `${one.at}000-${pid}-${Math.random().toString(36).slice(2, 12)}`
    const { hook, sessionID, input, output } = one
    const turn = turns.get(sessionID) ?? null
    const payload = { hook, session_id: root, turn, parent, directory: ctx.directory ?? null, pid, input, output }
    one.body = JSON.stringify(payload, shown)
    return one
  }

  // One after the other, in the order in which OpenCode told it; answers what the daemon wants done.
  function tell(hook, sessionID, input, output, always = false) {
    const one = { hook, sessionID, input, output }
    const work = async () => {
      if (!ID.test(sessionID ?? "")) return {}
      const parent = await parentOf(sessionID)
      const root = parent ?? sessionID
      const captured = bound(root)
      if (!captured && !always) return {}
      if (captured) follow(root)
      const { capture, at, body } = packed(one, parent, root)
      const headers = {
        "X-Polaris-Capture": capture,
        "X-Polaris-Agent": "opencode",
        "X-Polaris-Pid": pid,
        "X-Polaris-At": at,
      }
      const answer = Date.now() < quiet ? null : await post("/events", body, headers, LIMIT)
      if (answer?.status === 0) quiet = Date.now() + PAUSE
      if (answer?.status >= 200 && answer?.status < 300) return object(answer.body)
      if (bound(root)) spool(capture, at, body)
      return {}
    }
    unfinished.add(one)
    last = last
      .then(work)
      .catch(() => ({}))
      .finally(() => unfinished.delete(one))
    return last
  }

  // `opencode run` ends with its answer and waits for nobody.
  process.on("exit", () => {
    for (const one of unfinished) {
      const parent = parents.get(one.sessionID) ?? null
      const root = parent ?? one.sessionID
      if (!bound(root)) continue
      const { capture, at, body } = packed(one, parent, root)
      spool(capture, at, body)
    }
  })

  const prompt = (id, text) => ctx.client.session.promptAsync({ path: { id }, body: { parts: [{ type: "text", text }] } })

  // As long as a session is connected, the daemon may wake it.
  async function follow(id) {
    if (polled.has(id)) return
    polled.add(id)
    try {
      while (bound(id)) {
        const asked = JSON.stringify({ agent_session_id: id, pid })
        const answer = await post("/wake", asked, {}, POLL)
        const text = answer?.status === 200 ? object(answer.body).prompt : null
        if (typeof text === "string" && text) await prompt(id, text)
        else if (answer?.status !== 204) await sleep(PAUSE)
      }
    } catch {
      await sleep(PAUSE)
    } finally {
      polled.delete(id)
    }
  }
  const looking = setInterval(() => {
    for (const [id, parent] of parents) if (!parent && bound(id)) follow(id)
  }, LOOK)
  looking.unref?.()

  async function happened(event) {
    const properties = event.properties ?? {}
    const { info, part, sessionID } = properties
    switch (event.type) {
      case "session.created":
      case "session.updated":
        if (info?.id) remember(parents, info.id, info.parentID ?? null)
        if (event.type === "session.updated") return {}
        return tell("event", info?.id ?? sessionID, { event }, null)
      case "session.deleted":
        parents.delete(info?.id ?? sessionID)
        return {}
      case "session.error":
        return tell("event", sessionID, { event }, null)
      case "session.idle": {
        const { prompt: text } = await tell("event", sessionID, { event }, null)
        if (typeof text === "string" && text) await prompt(sessionID, text)
        return {}
      }
      case "message.updated": {
        if (info?.role !== "assistant") return {}
        remember(turns, info.sessionID, info.parentID)
        if (!info.time?.completed || told.has(info.id)) return {}
        remember(told, info.id, true)
        const own = [...(parts.get(info.id)?.values() ?? [])]
        parts.delete(info.id)
        return tell("message", info.sessionID, { info, parts: own }, null)
      }
      case "message.part.updated": {
        if (!part?.id || !part.messageID) return {}
        const own = parts.get(part.messageID) ?? new Map()
        own.set(part.id, part)
        remember(parts, part.messageID, own)
        const called = part.type === "tool" && part.state?.status !== "pending"
        const ours = part.type === "text" && String(part.text).includes("polaris:advice:")
        return called || ours ? tell("event", part.sessionID ?? sessionID, { event }, null) : {}
      }
    }
    return {}
  }

  const safely = (work) => async (input, output) => {
    try {
      await work(input ?? {}, output ?? {})
    } catch {}
  }
  return {
    event: safely(({ event }) => (event ? happened(event) : {})),
    "chat.message": safely(async (input, output) => {
      const answer = await tell("chat.message", input.sessionID, input, output, true)
      const given = output.parts?.at(-1)
      if (!given || !Array.isArray(answer.parts)) return
      const { id, messageID, sessionID } = given
      // The parts of a message are sorted by their ids.
      answer.parts.forEach((part, n) => output.parts.push({ ...part, id: `${id}p${n}`, messageID, sessionID }))
    }),
    "tool.execute.before": safely((input, output) =>
      tell("tool.execute.before", input.sessionID, input, output, String(input.tool).startsWith(OURS)),
    ),
    "tool.execute.after": safely(async (input, output) => {
      const { append } = await tell("tool.execute.after", input.sessionID, input, output)
      if (typeof append !== "string" || !append) return
      if (typeof output.output === "string") output.output += append
      else if (Array.isArray(output.content)) output.content.push({ type: "text", text: append })
    }),
  }
}
