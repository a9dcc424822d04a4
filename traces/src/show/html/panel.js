// What is told of one step: what was done and seen, and the state with what the step changed. Text from the trace goes
// into text nodes only.

const byId = (id) => document.getElementById(id);

// An element with a class and children; a child that is text becomes a text node.
function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function linkTo(index, text) {
  const link = make("a", "", text ?? `step ${index}`);
  link.href = hashOf(index);
  return link;
}

const link = ([from, to]) => `${data.nodes[from]} → ${data.nodes[to]}`;

function row(kind, name, ...children) {
  return make("div", kind, make("dt", "", name), make("dd", "", ...children));
}

// What became of a message that this step sends: of equal ones, the first arrives first.
function fate(index, place) {
  const { sent } = steps[index];
  const key = mailKey(index, sent[place]);
  const earlier = sent.slice(0, place).filter((mail) => mailKey(index, mail) === key).length;
  const arrival = (arrivals.get(key) || [])[earlier];
  if (!arrival) return make("span", "aside", "still on its way at the end");
  return make("span", "aside", `${arrival.how} at `, linkTo(arrival.index));
}

function mailRow(kind, name, mail, aside) {
  return row(kind, name, make("span", "link", link(mail)), " ", make("code", "", mail[2]), " ", aside);
}

function seen(index) {
  const step = steps[index];
  const list = make("dl", "seen");
  const since = (mail) =>
    mail[3] === null ? null : make("span", "aside", "sent by ", linkTo(mail[3]));
  if (step.took) list.append(mailRow("took", "takes", step.took, since(step.took)));
  else if (step.cause !== undefined) list.append(row("took", "cause", linkTo(step.cause)));
  (step.sent || []).forEach((mail, place) => list.append(mailRow("sent", "sends", mail, fate(index, place))));
  for (const mail of step.lost || []) list.append(mailRow("lost", "loses", mail, since(mail)));
  for (const note of step.notes || []) list.append(row("note", "so", note));
  return list.children.length ? list : make("p", "aside", "Nothing is seen of it from outside.");
}

function alarms(index) {
  const boxes = [];
  for (const property of index === START ? data.broken_at_start : steps[index].breaks || []) {
    const what = index === START ? `✗ ${property} does not hold from the start` : `✗ breaks ${property}`;
    boxes.push(make("div", "alarm", make("strong", "", what)));
  }
  const refused = data.refused;
  if (refused && refused.step === index) {
    boxes.push(make("div", "alarm",
      make("strong", "", `✗ refused by guard ${refused.guard}`),
      make("p", "", refused.reason),
      ...(refused.nearest ? [
        make("p", "", `The nearest step allowed was: ${refused.nearest.step}`),
        make("p", "", `It differs in ${refused.nearest.differs}`),
      ] : [])));
  }
  for (const remark of (index !== START && steps[index].remarks) || []) {
    boxes.push(make("div", "alarm", make("strong", "", `! ${remark}`)));
  }
  return boxes;
}

function renderStep(index) {
  const article = byId("step");
  if (index === START) {
    article.replaceChildren(make("h2", "", "Before the first step"), ...alarms(index));
    return;
  }
  const step = steps[index];
  const title = make("h2", step.fault ? "fault" : "", step.action);
  const facts = [`step ${index} at ${data.nodes[step.node]}`, `line ${index + 2} of the trace`];
  if (step.time !== undefined) facts.push(`time ${step.time}`);
  if (step.fault) facts.push("a fault of the environment");
  article.replaceChildren(title, make("p", "aside", facts.join(" · ")), ...alarms(index), seen(index));
}

const items = (value) => (value === null || value === undefined ? [] : value.split(data.items_between));

// Takes the items of one list out of another, each as often as it occurs.
function without(these, those) {
  const left = [...those];
  return these.filter((item) => {
    const place = left.indexOf(item);
    if (place >= 0) left.splice(place, 1);
    return place < 0;
  });
}

function mark(tag, text) {
  const sign = tag === "del" ? "gone: " : "new: ";
  return make(tag, "", make("span", "unseen", sign), text);
}

// A value that the step changed: what stays is quiet, what goes is struck out, what comes is marked.
function changed(old, young) {
  const [before, after] = [items(old), items(young)];
  const [gone, come] = [without(before, after), without(after, before)];
  if (gone.length === 0 && come.length === 0) { // the same items in another order
    return make("dd", "", mark("del", old ?? ""), " → ", mark("ins", young ?? ""));
  }
  if (before.length <= 1 && after.length <= 1) {
    const nothing = () => make("span", "aside", "–");
    return make("dd", "", gone.length ? mark("del", gone[0]) : nothing(), " → ",
      come.length ? mark("ins", come[0]) : nothing());
  }
  const list = make("ul", "");
  for (const item of gone) list.append(make("li", "", mark("del", item)));
  const fresh = [...come];
  for (const item of after) {
    const place = fresh.indexOf(item);
    if (place >= 0) fresh.splice(place, 1);
    list.append(make("li", "", place >= 0 ? mark("ins", item) : item));
  }
  return make("dd", "", list);
}

function unchanged(value) {
  const list = items(value);
  return list.length <= 1 ? make("dd", "", value) : make("dd", "", make("ul", "", ...list.map((item) => make("li", "", item))));
}

function card(name, fields, changes) {
  const list = make("dl", "");
  const names = [...new Set([...fields.keys(), ...changes.keys()])].sort();
  for (const field of names) {
    const change = changes.get(field);
    const value = change ? changed(change[0], change[1]) : unchanged(fields.get(field));
    list.append(make("div", change ? "changed" : "", make("dt", "", field), value));
  }
  const box = make("section", changes.size ? "card touched" : names.length ? "card" : "card empty", make("h3", "", name));
  box.append(names.length ? list : make("p", "", "holds nothing"));
  return box;
}

// The messages on their way, of all senders in one card.
function flightCard(changesOf) {
  const gather = (valueOf) => data.order.flatMap((node) =>
    items(valueOf(node)).map((item) => `${data.nodes[node]}: ${item}`));
  const old = (node) => {
    const change = changesOf[node].get(data.in_flight);
    return change ? change[0] : state[node].get(data.in_flight);
  };
  const [before, after] = [gather(old), gather((node) => state[node].get(data.in_flight))];
  const list = make("ul", "");
  for (const item of without(before, after)) list.append(make("li", "", mark("del", item)));
  const fresh = without(after, before);
  for (const item of after) {
    const place = fresh.indexOf(item);
    if (place >= 0) fresh.splice(place, 1);
    list.append(make("li", "", place >= 0 ? mark("ins", item) : item));
  }
  const some = list.children.length > 0;
  const touched = list.querySelector("ins, del");
  const box = make("section", `card flight ${touched ? "touched" : some ? "" : "empty"}`, make("h3", "", "on the way"));
  box.append(some ? list : make("p", "", "nothing"));
  return box;
}

function renderState(index) {
  const panel = byId("state");
  if (!hasState(index)) {
    const why = data.states
      ? `From step ${data.refused.step} on there is no state, for it is refused.`
      : `The states are not known${data.no_states ? `: ${data.no_states}` : ""}.`;
    panel.replaceChildren(make("p", "verdict open", why));
    return;
  }
  const changesOf = data.nodes.map(() => new Map());
  for (const [node, field, young, old] of (index !== START && steps[index].changes) || []) {
    changesOf[node].set(field, [old, young]);
  }
  const cards = data.order.map((node) => {
    const own = (map) => new Map([...map].filter(([field]) => field !== data.in_flight));
    return card(data.nodes[node], own(state[node]), own(changesOf[node]));
  });
  panel.replaceChildren(...cards, ...(tellsFlights ? [flightCard(changesOf)] : []));
}
