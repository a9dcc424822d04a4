// What the page knows: the steps, and the state at the current one, reached by applying differences either way.

const data = JSON.parse(document.getElementById("data").textContent);
const steps = data.steps;
const START = -1; // before the first step
const LAST = steps.length - 1;

// For each node a map of its fields. It is the state after step `at`.
const state = data.nodes.map(() => new Map());
let at = START;

// The steps that break a property, or are refused, in order.
const breaks = steps.flatMap((step, index) =>
  step.breaks || (data.refused && data.refused.step === index) ? [index] : []);

// Where a message went: keyed by its sending step, link and text, the steps that took or lost it, the oldest first.
const arrivals = new Map();
const mailKey = (since, [from, to, text]) => JSON.stringify([since, from, to, text]);
steps.forEach((step, index) => {
  const landed = (mail, how) => {
    if (mail[3] === null) return;
    const key = mailKey(mail[3], mail);
    if (!arrivals.has(key)) arrivals.set(key, []);
    arrivals.get(key).push({ index, how });
  };
  if (step.took) landed(step.took, "taken");
  for (const mail of step.lost || []) landed(mail, "lost");
});

// Puts the fields of these changes to their old or young values.
function put(changes, before) {
  for (const [node, field, young, old] of changes || []) {
    const value = before ? old : young;
    if (value === null) state[node].delete(field);
    else state[node].set(field, value);
  }
}

// A change comes with its young value only; the old one is added here, by one walk through all steps and back.
put(data.start, false);
for (const { changes = [] } of steps) {
  for (const change of changes) change.push(state[change[0]].get(change[1]) ?? null);
  put(changes, false);
}
for (const fields of state) fields.clear();
put(data.start, false);

function moveState(to) {
  while (at < to) put(steps[++at].changes, false);
  while (at > to) put(steps[at--].changes, true);
}

// Whether any state tells the messages on their way.
const tellsFlights = [data.start, ...steps.map((step) => step.changes || [])].some((changes) =>
  changes.some(([, field]) => field === data.in_flight));

// Whether the state after this step is known: it is not from a refused step on.
const hasState = (index) => data.states && !(data.refused && index >= data.refused.step);

// A step by the address, or the start if it names none.
function stepOfHash() {
  const match = /^#step-(\d+)$/.exec(location.hash);
  return match ? Math.min(Number(match[1]), LAST) : START;
}

const hashOf = (index) => (index === START ? "#start" : `#step-${index}`);
