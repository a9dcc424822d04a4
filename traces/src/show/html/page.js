// Moves from step to step: by key, click, number and address; keeps diagram, list and panel at the current one.

let current = null; // the step that is shown
const SIGHT = 40; // pixels that stay free above and below the current row
const ADDRESS_REST_MS = 350; // Safari allows 100 changes in 30 seconds
let listed = null; // the links of the list, once it was asked for

const rows = byId("rows");
const drawn = new Map(); // the parts of the diagram that belong to a step
for (const group of rows.querySelectorAll("[data-step]")) {
  const index = Number(group.dataset.step);
  if (!drawn.has(index)) drawn.set(index, []);
  drawn.get(index).push(group);
}

const percent = (part) => `${part * 100}%`;
const hasBand = (index) => index >= 0 && index + 1 < data.bands.length;

function placeBand(element, index) {
  element.style.top = percent(data.bands[index]);
  element.style.height = percent(data.bands[index + 1] - data.bands[index]);
}

for (const index of breaks.filter(hasBand)) {
  const band = make("div", "band");
  placeBand(band, index);
  byId("marks").append(band);
}

function renderDiagram(before, index) {
  scrollTo(index); // first, as it reads the layout, which what follows makes the browser do again
  for (const group of drawn.get(before) || []) group.classList.remove("now");
  for (const group of drawn.get(index) || []) group.classList.add("now");
  const [now, later] = [byId("now"), byId("later")];
  now.hidden = !hasBand(index);
  later.hidden = index === LAST || (index !== START && !hasBand(index));
  if (hasBand(index)) placeBand(now, index);
  now.classList.toggle("bad", breaks.includes(index));
  if (!later.hidden) later.style.top = percent(data.bands[index + 1] ?? 0);
}

// Keeps the row of a step in sight.
function scrollTo(index) {
  const view = byId("diagram");
  if (view.hidden || !(index === START || hasBand(index))) return;
  const height = rows.offsetHeight;
  const [top, bottom] = index === START ? [0, 0] : [index, index + 1].map((band) => data.bands[band] * height);
  const room = view.clientHeight - rows.offsetTop;
  if (top - SIGHT < view.scrollTop || bottom + SIGHT > view.scrollTop + room) {
    view.scrollTop = index === START ? 0 : top - room / 2;
  }
}

function renderList(before, index) {
  if (!listed) return;
  listed[before + 1]?.removeAttribute("aria-current");
  const now = listed[index + 1];
  now.setAttribute("aria-current", "step");
  if (!byId("list").hidden) now.scrollIntoView({ block: "nearest" });
}

function makeList() {
  const entry = (index) => {
    const link = linkTo(index, "");
    const step = steps[index];
    if (!step) link.append(make("b", "", "–"), make("span", "", "Before the first step"));
    else {
      const text = step.took ? `${step.action}: ${step.took[2]}` : step.action;
      link.append(make("b", "", String(index)), make("span", step.fault ? "fault" : "", text));
      for (const property of step.breaks || []) link.append(make("em", "", `✗ breaks ${property}`));
      if (data.refused?.step === index) link.append(make("em", "", `✗ refused by guard ${data.refused.guard}`));
    }
    return link;
  };
  listed = [];
  for (let index = START; index <= LAST; index++) listed.push(entry(index));
  byId("list").replaceChildren(make("ol", "", ...listed.map((link) => make("li", "", link))));
}

function showTab(name) {
  if (name === "list" && !listed) makeList();
  for (const tab of ["diagram", "list"]) {
    byId(tab).hidden = tab !== name;
    byId(`show-${tab}`).setAttribute("aria-pressed", String(tab === name));
  }
  renderDiagram(current, current);
  renderList(current, current);
}

function say(index) {
  if (index === START) return "Before the first step";
  const step = steps[index];
  const broken = (step.breaks || []).map((property) => `, breaks ${property}`).join("");
  const refused = data.refused?.step === index ? ", refused" : "";
  return `Step ${index}: ${step.action}${broken}${refused}`;
}

function show(wanted) {
  const index = Math.max(START, Math.min(wanted, LAST));
  if (index === current) return;
  const before = current ?? START;
  current = index;
  moveState(index);
  renderDiagram(before, index);
  renderList(before, index);
  renderStep(index);
  renderState(index);
  byId("number").value = index === START ? "" : String(index);
  byId("number").placeholder = "start";
  byId("first").disabled = byId("back").disabled = index === START;
  byId("last").disabled = byId("on").disabled = index === LAST;
  byId("said").textContent = say(index);
}

// Names the step in the address, without a history entry for each. A key held down is quicker than browsers allow the
// address to change, so it changes at once, and then not again before a pause.
let resting = false;
function nameStep() {
  if (resting || location.hash === hashOf(current)) return;
  history.replaceState(null, "", hashOf(current));
  resting = true;
  setTimeout(() => { resting = false; nameStep(); }, ADDRESS_REST_MS);
}

function go(index) {
  show(index);
  nameStep();
}

function toBreak() {
  const next = breaks.find((index) => index > current) ?? breaks[0];
  if (next !== undefined) go(next);
}

function toNumber(first) {
  const input = byId("number");
  input.focus();
  input.select();
  if (first) input.value = first;
}

const toCause = () => {
  const step = steps[current];
  const cause = step?.cause ?? step?.took?.[3];
  if (cause !== undefined && cause !== null) go(cause);
};
const toggleTab = () => showTab(byId("list").hidden ? "list" : "diagram");
const [on, back] = [() => go(current + 1), () => go(current - 1)];
const KEYS = new Map([
  ["ArrowRight", on], ["ArrowDown", on], ["j", on],
  ["ArrowLeft", back], ["ArrowUp", back], ["k", back],
  ["PageDown", () => go(current + 10)], ["PageUp", () => go(current - 10)],
  ["Home", () => go(START)], ["End", () => go(LAST)],
  ["b", toBreak], ["c", toCause], ["l", toggleTab],
  ["/", () => toNumber("")], ["?", () => byId("help").showModal()],
]);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
  if (event.target === byId("number")) {
    if (event.key === "Escape") byId("number").blur();
    return;
  }
  const act = /^\d$/.test(event.key) ? () => toNumber(event.key) : KEYS.get(event.key);
  if (!act) return;
  event.preventDefault();
  act();
});

byId("jump").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = byId("number").value.trim();
  if (/^\d+$/.test(text)) go(Number(text));
  else if (text === "") go(START);
  byId("number").value = current === START ? "" : String(current);
  byId("number").blur();
});

rows.addEventListener("click", (event) => {
  const box = rows.getBoundingClientRect();
  const part = (event.clientY - box.top) / box.height;
  const after = data.bands.findIndex((band) => band > part);
  if (after > 0) go(after - 1);
});

const buttons = { first: () => go(START), back, on, last: () => go(LAST), break: toBreak, ask: () => byId("help").showModal() };
for (const [id, act] of Object.entries(buttons)) byId(id).addEventListener("click", act);
for (const tab of ["diagram", "list"]) byId(`show-${tab}`).addEventListener("click", () => showTab(tab));
addEventListener("hashchange", () => show(stepOfHash()));

byId("of").textContent = LAST >= 0 ? `/ ${LAST}` : "of none";
byId("break").hidden = breaks.length === 0;
show(stepOfHash());
