// Asks the server each second how it stands, and shows that. What it is told goes into text nodes only. Nothing moves or
// flashes: numbers and bars change in their places.

const EVERY_MS = 1000;
const PATIENCE_MS = 5000;

const byId = (id) => document.getElementById(id);

// Changes a text only if it is another one, so that screen readers are told of changes alone.
function say(element, text) {
  if (element.textContent !== String(text)) element.textContent = text;
}

function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

const count = (number, one, many) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

function span(us) {
  const seconds = Math.floor(us / 1e6);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} days`;
}

// The room of a query server, made once, so that what has the focus of a reader stays where it is.
function room(name) {
  const id = `server-${name}`;
  if (byId(id)) return byId(id);
  const bar = make("div", "bar", make("div", ""), make("i", ""));
  bar.setAttribute("role", "meter");
  bar.setAttribute("aria-label", `Queue of ${name}`);
  bar.setAttribute("aria-valuemin", "0");
  const box = make("div", "server", make("h3", "", name), bar, make("p", ""));
  box.id = id;
  byId("servers").append(box);
  return box;
}

function showServer(server) {
  const { name, peak, threshold } = server;
  const [box, full] = [room(name), Math.max(peak, threshold, 1)];
  const [bar, line] = [box.querySelector(".bar"), box.querySelector("p")];
  bar.firstChild.style.width = `${(100 * peak) / full}%`;
  bar.lastChild.style.left = `${(100 * threshold) / full}%`;
  bar.setAttribute("aria-valuemax", full);
  bar.setAttribute("aria-valuenow", peak);
  bar.setAttribute("aria-valuetext", `${peak} of ${threshold}`);
  box.classList.toggle("over", peak > threshold);
  say(line, [
    `queue ${peak.toLocaleString("en")} of ${threshold.toLocaleString("en")}${peak > threshold ? ", above the threshold" : ""}`,
    `${count(server.handed_over, "task", "tasks")} handed over, ${server.open.toLocaleString("en")} open`,
    server.lag === 0 ? "replica up to date" : `replica ${count(server.lag, "revision", "revisions")} behind`,
  ].join(" · "));
}

function showHandOvers(all) {
  byId("none").hidden = all.length > 0;
  byId("hand-overs").hidden = all.length === 0;
  const rows = all.map((one) => {
    const cells = [one.request, one.from, one.to ?? "–", one.fate, span(one.ago_us)];
    return make("tr", "", ...cells.map((cell) => make("td", "", cell)));
  });
  byId("hand-overs").tBodies[0].replaceChildren(...rows);
}

function verdict(kind, text) {
  byId("health").className = `verdict ${kind}`;
  say(byId("health"), text);
}

let before = null;

// How often something was counted in a second since the last time; not known after a server has begun anew.
function rate(now, name) {
  if (!before || now.now_us <= before.now_us || now[name] < before[name]) return "–";
  const each = (now[name] - before[name]) / ((now.now_us - before.now_us) / 1e6);
  return Math.round(each).toLocaleString("en");
}

function show(now) {
  for (const name of ["answered", "refused"]) say(byId(name), rate(now, name));
  for (const name of ["sessions", "connections"]) say(byId(name), now[name].toLocaleString("en"));
  say(byId("up"), span(now.now_us));
  now.servers.forEach(showServer);
  showHandOvers(now.hand_overs);
  if (now.illness === null) verdict("good", "It runs, and its disk works.");
  else verdict("bad", `Something is wrong: ${now.illness}.`);
  before = now;
}

async function look() {
  try {
    const response = await fetch("/status.json", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!response.ok) throw new Error(`it answers ${response.status}`);
    show(await response.json());
  } catch {
    verdict("bad", "The server does not answer; what is shown is what it last said.");
  }
  setTimeout(look, EVERY_MS);
}

look();
