// The board's page. The kernel holds the truth: it sends a state, then patches, each with the revision that it follows.
// Every text is set as text, never as HTML. Elements are patched in place, so that focus and what is typed stay.

const NAMES = {
  dumped: "Dumped", matched: "Matched", refined: "Refined", confirmed: "Confirmed", committed: "Committed",
  done: "Done", dropped: "Dropped",
};
const HINTS = {
  dumped: "Captured, no project yet", matched: "Has a project", refined: "Clear, with an estimate",
  confirmed: "Worth doing", committed: "Promised for this week", done: "Finished", dropped: "Decided not to do",
};
const PRIORITIES = ["low", "medium", "high", "urgent"];
const KEYS = [
  ["n", "write a new todo; Enter adds it, Esc goes to it"],
  ["↑ ↓ ← →", "go from card to card"],
  ["] or Shift+→", "one column on"],
  ["[ or Shift+←", "one column back"],
  ["1 … 6", "straight into that column"],
  ["c", "commit to this week"],
  ["d", "done"],
  ["e or Enter", "edit; Enter saves, Esc leaves it as it was"],
  ["s", "start or stop work on it"],
  ["w", "snooze until tomorrow"],
  ["Delete", "drop: decide not to do it"],
  ["Space", "select, to change several at once"],
  ["z, Shift+z", "undo, do again"],
  ["/", "search"],
  ["?", "these keys"],
];
const SILENCE = 10000; // milliseconds without an answer after which the kernel seems to be gone
const STEP = 50;

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function hoursText(hours) {
  if (hours === null || hours === undefined) return "";
  if (hours > 0 && hours < 1) return `${Math.round(hours * 60)} min`;
  return `${Number(hours.toFixed(2)).toLocaleString()} h`;
}

function dayText(iso, today) {
  const day = new Date(`${iso}T00:00`);
  const away = Math.round((day - new Date(`${today}T00:00`)) / 86400000);
  if (away === 0) return "today";
  if (away === 1) return "tomorrow";
  if (away === -1) return "yesterday";
  if (away > 1 && away < 7) return day.toLocaleDateString(undefined, { weekday: "long" });
  const year = day.getFullYear() === new Date(`${today}T00:00`).getFullYear() ? undefined : "numeric";
  return day.toLocaleDateString(undefined, { day: "numeric", month: "short", year });
}

function tomorrow(today) {
  const day = new Date(`${today}T12:00Z`);
  day.setUTCDate(day.getUTCDate() + 1);
  return day.toISOString().slice(0, 10);
}

// What is typed and not saved yet stays with the tab, so that it outlives the kernel and the page.
const DRAFT = "orc-board-draft";

function drafted() {
  try {
    return JSON.parse(sessionStorage.getItem(DRAFT)) || {};
  } catch {
    return {}; // a page without storage
  }
}

function draft(part) {
  try {
    sessionStorage.setItem(DRAFT, JSON.stringify({ ...drafted(), ...part }));
  } catch {
    // a page without storage, or a full one: then it stays on the page only
  }
}

// One question at a time: the next is sent when the one before is answered, so that quick keys can't overtake.
class Line {
  constructor(model, view, silent) {
    Object.assign(this, { model, view, silent, n: 0, waiting: [], open: null });
  }

  ask(question) { // a message, or what makes one when its turn has come; null where there is nothing to ask
    return new Promise((answer) => {
      this.waiting.push({ question, n: ++this.n, answer });
      this.next();
    });
  }

  next() {
    if (this.open || !this.waiting.length) return;
    const first = this.waiting.shift();
    const message = typeof first.question === "function" ? first.question() : first.question;
    if (!message) { first.answer({ kind: "nothing" }); this.next(); return; }
    this.open = first;
    this.timer = setTimeout(() => this.silent(true), SILENCE);
    this.model.send({ ...message, view: this.view, n: first.n });
  }

  answered(reply) {
    if (!this.open || reply.n !== this.open.n) return;
    clearTimeout(this.timer);
    this.silent(false);
    const { answer } = this.open;
    this.open = null;
    answer(reply);
    this.next();
  }
}

class Board {
  constructor(model, host) {
    this.model = model;
    this.truth = null; // as the kernel sent it
    this.state = null; // with what was moved here and isn't answered yet
    this.moving = new Map(); // id → where it was moved to, and how many answers are still to come
    this.revision = 0;
    this.cards = new Map(); // id → element
    this.columns = new Map(); // status → its elements
    this.selected = new Set();
    this.asked = { text: "", project: "", dropped: false, snoozed: false, limits: {} };
    this.view = `${Date.now().toString(36)}${Math.random().toString(36).slice(2)}`;
    this.line = new Line(model, this.view, (silent) => this.root.classList.toggle("orc-silent", silent));
    this.typing = 0;
    this.build();
    host.append(this.root);
    this.listen = (message) => this.told(message);
    model.on("msg:custom", this.listen);
    this.clock = setInterval(() => this.tick(), 5000);
    this.look = () => document.visibilityState === "visible" && this.show();
    document.addEventListener("visibilitychange", this.look);
    this.show();
  }

  close() {
    this.model.off("msg:custom", this.listen);
    document.removeEventListener("visibilitychange", this.look);
    clearInterval(this.clock);
    clearTimeout(this.line.timer);
    try {
      this.model.send({ view: this.view, kind: "bye" });
    } catch {
      // the kernel is gone, and with it what would have been let go
    }
  }

  // What is there from the start

  build() {
    this.root = make("section", { class: "orc-board", "aria-label": "Board", tabindex: -1, "data-lm-suppress-shortcuts": "true" });
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.input = make("input", {
      type: "text", class: "orc-add-text", "aria-label": "Add a todo", autocomplete: "off", spellcheck: "true",
      placeholder: "Write draft +Thesis 2h !high @fri #deep",
      oninput: () => this.typed(), onkeydown: (event) => this.inputKey(event),
    });
    this.reading = make("div", { class: "orc-reading", "aria-live": "polite" });
    this.addForm = make("form", { class: "orc-add", onsubmit: (event) => this.add(event) },
      this.input, make("button", { type: "submit", class: "orc-main", text: "Add" }), this.reading);
    this.search = make("input", {
      type: "search", class: "orc-search", placeholder: "Search", "aria-label": "Search titles, notes, tags and projects",
      oninput: () => { clearTimeout(this.soon); this.soon = setTimeout(() => this.filter({ text: this.search.value }), 150); },
    });
    this.project = make("select", { "aria-label": "Project", onchange: () => this.filter({ project: this.project.value }) });
    const toggle = (name, text) => {
      const button = make("button", { type: "button", "aria-pressed": "false", text });
      button.addEventListener("click", () => {
        button.setAttribute("aria-pressed", String(!this.asked[name]));
        this.filter({ [name]: !this.asked[name] });
      });
      return button;
    };
    this.undoButton = make("button", { type: "button", text: "Undo", onclick: () => this.undo("undo") });
    this.redoButton = make("button", { type: "button", text: "Redo", onclick: () => this.undo("redo") });
    const tools = make("div", { class: "orc-tools", role: "toolbar", "aria-label": "Filters and undo" },
      this.search, this.project, toggle("snoozed", "Snoozed"), toggle("dropped", "Dropped"),
      make("span", { class: "orc-gap" }), this.undoButton, this.redoButton,
      make("button", { type: "button", text: "Keys", title: "Keys ( ? )", onclick: () => this.help.showModal() }));
    this.refusal = make("p", { class: "orc-refusal", hidden: true });
    this.lost = make("p", { class: "orc-lost", role: "alert",
      text: "No answer from the kernel: what you did last is not saved yet. Your text stays here; run the cell again if this lasts." });
    this.running = make("div", { class: "orc-running", hidden: true });
    this.status = make("div", { class: "orc-status", role: "status" });
    this.bulk = this.buildBulk();
    this.place = make("div", { class: "orc-columns" });
    this.projects = make("datalist", { id: `orc-projects-${this.view}` });
    this.help = make("dialog", { class: "orc-help", "aria-label": "Keys" },
      make("h3", { text: "Keys" }),
      make("table", {}, make("tbody", {}, ...KEYS.map(([key, what]) =>
        make("tr", {}, make("th", { scope: "row", text: key }), make("td", { text: what }))))),
      make("button", { type: "button", class: "orc-main", text: "Close", onclick: () => this.help.close() }));
    this.root.append(this.refusal, this.lost, this.addForm, tools, this.running, this.bulk, this.place,
      this.status, this.projects, this.help);
  }

  buildBulk() {
    this.bulkCount = make("strong");
    const choose = (label, options, act) => {
      const select = make("select", { "aria-label": label }, make("option", { value: "", text: label }),
        ...options.map(([value, text]) => make("option", { value, text })));
      select.addEventListener("change", () => { if (select.value) act(select.value); select.value = ""; });
      return select;
    };
    const field = (label, name, list) => {
      const input = make("input", { type: "text", placeholder: label, "aria-label": label, list });
      input.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && input.value.trim()) { this.change(this.chosen(), { [name]: input.value }); input.value = ""; }
      });
      return input;
    };
    return make("div", { class: "orc-bulk", role: "toolbar", "aria-label": "Change what is selected", hidden: true },
      this.bulkCount,
      choose("Move to …", Object.entries(NAMES), (status) => this.move(this.chosen(), status)),
      choose("Priority …", PRIORITIES.map((one) => [one, one]), (priority) => this.change(this.chosen(), { priority })),
      field("Project, Enter", "project", `orc-projects-${this.view}`), field("Due, Enter", "due"), field("Tag, Enter", "add_tag"),
      make("button", { type: "button", text: "Clear selection", onclick: () => this.select(null) }));
  }

  // Messages

  show() { this.line.ask({ kind: "show", ...this.asked }); }

  filter(change) {
    Object.assign(this.asked, change);
    this.show();
  }

  told(message) {
    if (message.view !== this.view) return;
    if (message.kind === "state") {
      this.revision = message.revision;
      const first = !this.truth;
      this.truth = message.state;
      this.draw();
      if (first) this.goOn();
    } else if (message.kind === "patch") {
      if (message.after !== this.revision) { if (this.truth) this.show(); return; } // one was missed
      this.revision = message.revision;
      Object.assign(this.truth, message.set);
      Object.assign(this.truth.cards, message.cards);
      for (const id of message.gone) delete this.truth.cards[id];
      this.draw();
    } else if (message.kind === "estimate") {
      if (message.n === this.typing) setText(this.said, message.said);
    } else {
      if (message.kind === "read" && message.n === this.typing) this.showReading(message.read);
      this.line.answered(message);
    }
  }

  goOn() { // with what was typed before the page or its kernel went
    const { text, edit } = drafted();
    if (text) { this.input.value = text; this.typed(); }
    if (edit && this.state.cards[edit.id]) this.edit(edit.id, edit);
  }

  async ask(message) {
    this.root.setAttribute("aria-busy", "true");
    const reply = await this.line.ask(message);
    if (!this.line.open) this.root.removeAttribute("aria-busy");
    this.status.classList.toggle("orc-bad", reply.kind === "stale" || reply.kind === "refused");
    setText(this.status, reply.told || "");
    if (reply.ended) this.askEnd();
    return reply;
  }

  // Capturing

  typed() {
    const text = this.input.value;
    draft({ text });
    clearTimeout(this.pause);
    if (!text.trim()) { this.typing = 0; this.reading.replaceChildren(); return; }
    this.pause = setTimeout(() => {
      this.line.waiting = this.line.waiting.filter((each) => each.question.kind !== "typed");
      this.line.ask({ kind: "typed", text });
      this.typing = this.line.n;
    }, 60);
  }

  showReading(read) {
    const chip = (text, kind = "") => make("span", { class: `orc-chip ${kind}`, text });
    const parts = [
      make("span", { class: "orc-read-title", text: read.title || "…" }),
      ...(read.project ? [chip(read.project + (read.new_project ? " (new)" : ""), "orc-project")] : []),
      ...(read.hours === null ? [] : [chip(hoursText(read.hours))]),
      ...(read.priority ? [chip(read.priority, `orc-${read.priority}`)] : []),
      ...(read.due ? [chip(`due ${dayText(read.due, this.state.today)}`)] : []),
      ...read.tags.map((tag) => chip(`#${tag}`)),
      make("span", { class: "orc-quiet", text: `→ ${NAMES[read.status]}` }),
    ];
    this.said = this.said || make("span", { class: "orc-said" });
    this.reading.replaceChildren(...parts, this.said);
  }

  async add(event) {
    event.preventDefault();
    const text = this.input.value;
    if (!text.trim() || this.adding) return;
    this.input.readOnly = true; // the text stays until it is safe
    this.adding = [];
    const reply = await this.ask({ kind: "add", text });
    const held = this.adding;
    this.adding = null;
    this.input.readOnly = false;
    if (reply.kind !== "done") return;
    this.input.value = "";
    this.said = null;
    this.typed();
    this.last = reply.made;
    if (!this.state.cards[reply.made]) setText(this.status, `${reply.told} (the filter hides it)`);
    for (const event of held) this.leaveOr(event);
  }

  inputKey(event) {
    if (this.adding && (this.adding.length || event.key === "Escape")) {
      event.preventDefault(); // quick fingers: these keys are for the card that is about to come
      this.adding.push(event);
    } else if (event.key === "Escape" || event.key === "ArrowDown") {
      event.preventDefault();
      this.leaveOr(event);
    } else if (event.key === "Enter" && !event.isComposing) {
      this.add(event); // a notebook keeps the browser from sending the form by itself
    }
  }

  leaveOr(event) {
    const id = this.focusedId();
    if (id) this.onCard(event, id);
    else this.focus(this.last && this.state.cards[this.last] ? this.last : this.first());
  }

  // Changing

  chosen() { return [...this.selected]; }

  was(id, values) {
    const card = this.state.cards[id];
    return Object.fromEntries(Object.keys(values).filter((name) => name in card).map((name) => [name, card[name]]));
  }

  change(ids, values, was = null) {
    ids = ids.filter((id) => this.state.cards[id]);
    if (!ids.length || !this.mayEdit()) return Promise.resolve({ kind: "refused" });
    const cards = Object.fromEntries(ids.map((id) => [id, was || this.was(id, values)]));
    return this.ask({ kind: "change", cards, values });
  }

  move(ids, status) {
    ids = ids.filter((id) => this.state.cards[id] && this.state.cards[id].status !== status);
    if (!ids.length || !this.mayEdit()) return;
    const asked = this.change(ids, { status });
    const focused = this.focusedId();
    for (const id of ids) this.moving.set(id, { status, left: (this.moving.get(id)?.left || 0) + 1 });
    this.draw(); // at once; what the kernel answers stands
    if (ids.includes(focused)) this.focus(focused);
    asked.then(() => {
      for (const id of ids) if (!--this.moving.get(id).left) this.moving.delete(id);
      this.draw();
    });
  }

  settled() {
    const moved = [...this.moving].filter(([id, { status }]) => this.truth.cards[id] && this.truth.cards[id].status !== status);
    if (!moved.length) return this.truth;
    const cards = { ...this.truth.cards };
    for (const [id, { status }] of moved) cards[id] = { ...cards[id], status };
    const columns = this.truth.columns.map((column) => {
      const left = column.ids.filter((id) => cards[id].status === column.status);
      const came = moved.filter(([, { status }]) => status === column.status).map(([id]) => id);
      return { ...column, ids: [...came, ...left], count: column.count - (column.ids.length - left.length) + came.length };
    });
    return { ...this.truth, cards, columns };
  }

  step(id, by) {
    const order = Object.keys(NAMES).slice(0, 6);
    const status = order[order.indexOf(this.state.cards[id].status) + by];
    if (status) this.move(this.withSelected(id), status);
  }

  withSelected(id) { return this.selected.has(id) ? this.chosen() : [id]; }

  async undo(kind) {
    if (!this.mayEdit()) return;
    const edit = () => this.truth[kind] && { kind, edit: this.truth[kind].edit }; // what is shown when its turn comes
    const reply = await this.ask(edit);
    if (reply.kind === "nothing") setText(this.status, kind === "undo" ? "There is nothing to undo." : "There is nothing to do again.");
  }

  work(id) {
    if (!this.mayEdit()) return;
    const runs = this.state.running && this.state.running.id === id;
    this.ask(runs ? { kind: "stop" } : { kind: "start", id });
  }

  mayEdit() {
    if (this.state.refusal) setText(this.status, this.state.refusal);
    return !this.state.refusal;
  }

  select(id) {
    if (id === null) this.selected.clear();
    else if (!this.selected.delete(id)) this.selected.add(id);
    this.draw();
  }

  // Drawing

  draw() {
    const state = this.state = this.settled();
    for (const id of this.selected) if (!state.cards[id]) this.selected.delete(id);
    this.refusal.hidden = !state.refusal;
    setText(this.refusal, state.refusal);
    this.drawColumns();
    this.drawProjects();
    for (const [button, edit, verb] of [[this.undoButton, state.undo, "Undo"], [this.redoButton, state.redo, "Do again"]]) {
      button.disabled = !edit || Boolean(state.refusal);
      button.title = edit ? `${verb}: ${edit.label}` : "";
    }
    this.bulk.hidden = !this.selected.size;
    setText(this.bulkCount, `${this.selected.size} selected`);
    this.tick();
  }

  drawProjects() {
    const key = JSON.stringify(this.state.projects);
    if (this.drawnProjects === key) return;
    this.drawnProjects = key;
    this.project.replaceChildren(make("option", { value: "", text: "All projects" }),
      ...this.state.projects.map(({ id, title }) => make("option", { value: id, text: title })));
    this.project.value = this.asked.project;
    this.projects.replaceChildren(...this.state.projects.map(({ title }) => make("option", { value: title })));
  }

  drawColumns() {
    const wanted = this.state.columns.map((column) => column.status);
    for (const [status, parts] of this.columns) {
      if (!wanted.includes(status)) { parts.root.remove(); this.columns.delete(status); }
    }
    const focused = this.root.contains(document.activeElement) ? document.activeElement : null;
    const place = this.focusedId() && this.placeOf(this.focusedId());
    const kept = new Set();
    for (const column of this.state.columns) {
      if (!this.columns.has(column.status)) this.columns.set(column.status, this.buildColumn(column.status));
      const parts = this.columns.get(column.status);
      setText(parts.count, column.count.toLocaleString());
      setText(parts.sum, column.status === "committed" ? this.weekText() : "");
      parts.root.classList.toggle("orc-over", column.status === "committed" && this.state.week.hours > this.state.week.holds);
      parts.more.hidden = column.count <= column.ids.length;
      setText(parts.more, `${(column.count - column.ids.length).toLocaleString()} more`);
      parts.none.hidden = column.ids.length > 0;
      this.drawCards(parts.list, column.ids, kept);
    }
    for (const [id, element] of this.cards) {
      if (!kept.has(id) && !element.editor) { element.root.remove(); this.cards.delete(id); }
    }
    if (focused && document.activeElement !== focused) {
      if (focused.isConnected) focused.focus({ preventScroll: true });
      else if (place) this.focus(this.near(place));
    }
    this.rove();
  }

  weekText() {
    const { hours, holds, without } = this.state.week;
    return `${hoursText(hours) || "0 h"} of ${hoursText(holds)}${without ? `, ${without} without estimate` : ""}`;
  }

  drawCards(list, ids, kept) {
    let before = list.firstElementChild;
    for (const id of ids) {
      kept.add(id);
      if (!this.cards.has(id)) this.cards.set(id, this.buildCard(id));
      const card = this.cards.get(id);
      this.drawCard(card, this.state.cards[id]);
      while (before && before.editing) before = before.nextElementSibling;
      if (card.editor && card.root.isConnected) continue; // it stays where it is while it is edited
      if (card.root === before) before = before.nextElementSibling;
      else list.insertBefore(card.root, before);
    }
  }

  buildColumn(status) {
    const count = make("span", { class: "orc-count" });
    const sum = make("span", { class: "orc-sum" });
    const list = make("ul", { class: "orc-cards", role: "list", "aria-label": NAMES[status] });
    const more = make("button", { type: "button", class: "orc-more", onclick: () => this.more(status) });
    const none = make("p", { class: "orc-none", text: HINTS[status] });
    const root = make("section", { class: `orc-column orc-${status}`, "aria-label": NAMES[status], "data-status": status },
      make("h3", { title: HINTS[status] }, make("span", { text: NAMES[status] }), count, sum), list, none, more);
    root.addEventListener("dragover", (event) => {
      if (!this.dragged) return;
      event.preventDefault();
      root.classList.add("orc-target");
    });
    root.addEventListener("dragleave", (event) => { if (!root.contains(event.relatedTarget)) root.classList.remove("orc-target"); });
    root.addEventListener("drop", (event) => {
      event.preventDefault();
      event.stopPropagation();
      root.classList.remove("orc-target");
      if (this.dragged) this.move(this.dragged, status);
      this.dragged = null;
    });
    const order = Object.keys(NAMES);
    const next = [...this.columns.entries()].find(([other]) => order.indexOf(other) > order.indexOf(status));
    this.place.insertBefore(root, next ? next[1].root : null);
    return { root, count, sum, list, more, none };
  }

  more(status) {
    const shown = this.state.columns.find((column) => column.status === status).ids.length;
    this.filter({ limits: { ...this.asked.limits, [status]: shown + STEP } });
  }

  buildCard(id) {
    const title = make("div", { class: "orc-title" });
    const facts = make("div", { class: "orc-facts" });
    const button = (label, act) => make("button", { type: "button", tabindex: -1, title: label, "aria-label": label, onclick: act });
    const work = button("Start work", () => this.work(id));
    work.classList.add("orc-work");
    const done = button("Done", () => this.move([id], "done"));
    done.textContent = "✓";
    const edit = button("Edit", () => this.edit(id));
    edit.textContent = "✎";
    const acts = make("div", { class: "orc-acts" }, work, done, edit);
    const root = make("li", { class: "orc-card", tabindex: -1, draggable: "true", "data-id": id }, title, facts, acts);
    root.addEventListener("focus", () => this.rove(id));
    root.addEventListener("click", (event) => {
      if (event.target.closest("button, form")) return;
      if (event.ctrlKey || event.metaKey) this.select(id);
      else root.focus();
    });
    root.addEventListener("dblclick", (event) => { if (!event.target.closest("button, form")) this.edit(id); });
    root.addEventListener("dragstart", (event) => {
      this.dragged = this.withSelected(id);
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", this.state.cards[id].title);
      root.classList.add("orc-dragged");
      event.stopPropagation();
    });
    root.addEventListener("dragend", () => { this.dragged = null; root.classList.remove("orc-dragged"); });
    return { id, root, title, facts, work, done };
  }

  drawCard(card, data) {
    const runs = Boolean(this.state.running) && this.state.running.id === card.id;
    const chosen = this.selected.has(card.id);
    const key = JSON.stringify([data, runs, chosen, this.state.today]);
    if (card.drawn === key) return;
    card.drawn = key;
    setText(card.title, data.title);
    const chip = (text, kind) => make("span", { class: `orc-chip ${kind || ""}`, text });
    const closed = data.status === "done" || data.status === "dropped";
    const late = data.due && !closed && data.due < this.state.today;
    const sleeps = data.snooze && data.snooze > this.state.today && !closed;
    card.facts.replaceChildren(
      ...(data.project ? [chip(data.project, "orc-project")] : []),
      ...(data.priority === "medium" ? [] : [chip(data.priority, `orc-${data.priority}`)]),
      ...(data.hours === null ? [] : [chip(data.spent && data.spent > 0.005 ? `${hoursText(data.spent)} of ${hoursText(data.hours)}` : hoursText(data.hours))]),
      ...(data.due && !closed ? [chip(`${late ? "was due" : "due"} ${dayText(data.due, this.state.today)}`, late ? "orc-late" : "")] : []),
      ...(sleeps ? [chip(`until ${dayText(data.snooze, this.state.today)}`, "orc-quiet")] : []),
      ...data.tags.split(" ").filter(Boolean).map((tag) => chip(`#${tag}`, "orc-tag")));
    card.root.classList.toggle("orc-runs", runs);
    card.root.classList.toggle("orc-selected", chosen);
    card.root.classList.toggle("orc-closed", closed);
    setText(card.work, runs ? "◼" : "▶");
    card.work.title = runs ? "Stop work" : "Start work";
    card.work.setAttribute("aria-label", card.work.title);
    card.work.hidden = closed;
    card.done.hidden = closed;
    const said = [data.title, ...[...card.facts.children].map((each) => each.textContent)];
    card.root.setAttribute("aria-label", [...said, NAMES[data.status], chosen ? "selected" : "", runs ? "running" : ""].filter(Boolean).join(", "));
  }

  tick() {
    const running = this.state && this.state.running;
    this.running.hidden = !running;
    if (!running) return;
    if (!this.runningText) this.buildRunning();
    if (this.end.dataset.of !== running.id) this.end.hidden = true;
    const minutes = Math.max(0, Math.floor(Date.now() / 60000 - running.since / 60));
    setText(this.runningText, `● ${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")} ${running.title}`);
  }

  buildRunning() {
    this.runningText = make("span");
    const stop = (at) => { if (this.mayEdit()) this.ask({ kind: "stop", at }); };
    this.endedAt = make("input", { type: "datetime-local", "aria-label": "When the work ended" });
    this.end = make("div", { class: "orc-end", hidden: true }, "It ended", this.endedAt,
      make("button", { type: "button", class: "orc-main", text: "Stop there", onclick: () => this.endedAt.value && stop(this.endedAt.value) }),
      make("button", { type: "button", text: "Count it all", onclick: () => stop("now") }));
    this.running.append(this.runningText, make("button", { type: "button", text: "Stop", onclick: () => stop() }), this.end);
  }

  askEnd() { // the clock ran too long to have been all work
    if (!this.state.running) return;
    this.end.dataset.of = this.state.running.id;
    this.endedAt.min = this.endedAt.value = this.state.running.began;
    this.end.hidden = false;
    this.endedAt.focus();
  }

  // Editing in place

  edit(id, unsaved = null) {
    const card = this.cards.get(id);
    if (!card || card.editor || !this.mayEdit()) return;
    const shown = unsaved ? unsaved.shown : { ...this.state.cards[id] };
    const field = (name, label, attributes = {}) => {
      const tag = attributes.rows ? "textarea" : "input";
      const input = make(tag, { name, ...attributes });
      input.value = shown[name] === null ? "" : shown[name];
      return make("label", { class: `orc-field-${name}` }, make("span", { text: label }), input);
    };
    const choice = (name, label, options) => {
      const input = make("select", { name }, ...options.map(([value, text]) => make("option", { value, text })));
      input.value = shown[name];
      return make("label", {}, make("span", { text: label }), input);
    };
    const form = make("form", { class: "orc-editor", "aria-label": `Edit ${shown.title}` },
      field("title", "Title", { type: "text" }),
      field("project", "Project", { type: "text", list: `orc-projects-${this.view}` }),
      field("hours", "Estimate (h)", { type: "text", inputmode: "decimal" }),
      field("due", "Due", { type: "date" }),
      field("snooze", "Snoozed until", { type: "date" }),
      choice("priority", "Priority", PRIORITIES.map((one) => [one, one])),
      choice("status", "Column", Object.entries(NAMES)),
      field("tags", "Tags", { type: "text" }),
      field("description", "Notes", { rows: 3 }),
      make("p", { class: "orc-conflict", role: "alert", hidden: true }),
      make("div", { class: "orc-ends" }, make("button", { type: "submit", class: "orc-main", text: "Save" }),
        make("button", { type: "button", text: "Cancel", onclick: () => this.endEdit(card) })));
    form.addEventListener("input", () => {
      const values = Object.fromEntries([...form.elements].filter((each) => each.name).map((each) => [each.name, each.value]));
      draft({ edit: { id, shown: card.editor.shown, values } });
    });
    form.addEventListener("submit", (event) => { event.preventDefault(); this.save(card); });
    form.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") this.endEdit(card);
      const line = event.target.matches("input, select");
      if (event.key === "Enter" && !event.isComposing && (line || event.ctrlKey || event.metaKey)) { event.preventDefault(); this.save(card); }
    });
    card.editor = { form, shown };
    card.root.editing = true;
    card.root.draggable = false;
    card.root.classList.add("orc-editing");
    card.root.append(form);
    if (unsaved) {
      for (const [name, value] of Object.entries(unsaved.values)) form.elements[name].value = value;
      card.root.scrollIntoView({ block: "nearest", inline: "nearest" });
      return;
    }
    form.elements.title.focus();
    form.elements.title.select();
  }

  async save(card) {
    const { form, shown } = card.editor;
    const values = {};
    for (const { name, value } of form.elements) {
      if (name && value.trim() !== String(shown[name] ?? "").trim()) values[name] = value.trim();
    }
    if (!Object.keys(values).length) { this.endEdit(card); return; }
    const was = Object.fromEntries(Object.keys(values).map((name) => [name, shown[name]]));
    const reply = await this.change([card.id], values, was);
    if (reply.kind === "done") { this.endEdit(card); return; }
    const conflict = form.querySelector(".orc-conflict");
    conflict.hidden = false;
    setText(conflict, reply.kind === "stale" ? `${reply.told} Save again to have it your way, or Esc to leave it.` : reply.told || "");
    const now = reply.kind === "stale" && this.state.cards[card.id];
    if (!now) return;
    for (const input of form.elements) { // what was not touched here follows what it is elsewhere
      if (input.name && !(input.name in values)) input.value = now[input.name] ?? "";
    }
    card.editor.shown = now;
  }

  endEdit(card) {
    if (!card.editor) return;
    const inside = card.root.contains(document.activeElement);
    card.editor.form.remove();
    card.editor = null;
    draft({ edit: null });
    card.root.editing = false;
    card.root.draggable = true;
    card.root.classList.remove("orc-editing");
    this.draw();
    if (inside) this.focus(card.id);
  }

  // Focus and keys

  focusedId() {
    const card = document.activeElement && document.activeElement.closest && document.activeElement.closest(".orc-card");
    return card && this.root.contains(card) ? card.dataset.id : null;
  }

  first() {
    for (const column of this.state.columns) if (column.ids.length) return column.ids[0];
    return null;
  }

  placeOf(id) {
    for (const [status, { list }] of this.columns) {
      const row = [...list.children].findIndex((each) => each.dataset.id === id);
      if (row >= 0) return { status, row };
    }
    return null;
  }

  near({ status, row }) {
    const column = this.state.columns.find((each) => each.status === status);
    return (column && column.ids[Math.min(row, column.ids.length - 1)]) || this.first();
  }

  focus(id) {
    const card = id && this.cards.get(id);
    if (!card) { this.root.focus({ preventScroll: true }); return; }
    card.root.focus({ preventScroll: true });
    card.root.scrollIntoView({ block: "nearest", inline: "nearest" });
    this.rove(id);
  }

  rove(id = null) { // one card is in the order of Tab: the one that had the focus last
    const now = this.cards.has(id) ? id : this.cards.has(this.roved) ? this.roved : this.first();
    if (this.roved !== now && this.cards.has(this.roved)) this.cards.get(this.roved).root.tabIndex = -1;
    if (this.cards.has(now)) this.cards.get(now).root.tabIndex = 0;
    this.roved = now;
  }

  go(id, key) {
    const { columns } = this.state;
    const at = columns.findIndex((column) => column.ids.includes(id));
    if (at < 0) return;
    const row = columns[at].ids.indexOf(id);
    if (key === "ArrowUp" || key === "ArrowDown") {
      this.focus(columns[at].ids[row + (key === "ArrowDown" ? 1 : -1)] || id);
      return;
    }
    const by = key === "ArrowRight" ? 1 : -1;
    for (let next = at + by; columns[next]; next += by) {
      if (columns[next].ids.length) { this.focus(columns[next].ids[Math.min(row, columns[next].ids.length - 1)]); return; }
    }
  }

  key(event) {
    if (this.help.open || !this.state) return;
    const { target, key } = event;
    const typing = target.closest("input, select, textarea");
    if (typing) {
      if (key === "Escape" && target !== this.input) { event.preventDefault(); this.focus(this.roved); }
      return;
    }
    const id = this.focusedId();
    const done = this.anywhere(event) || (id && target.classList.contains("orc-card") && this.onCard(event, id));
    if (done) { event.preventDefault(); event.stopPropagation(); }
  }

  anywhere(event) {
    const control = event.ctrlKey || event.metaKey;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.altKey || (control && key !== "z" && key !== "y")) return false;
    if (key === "z") this.undo(event.shiftKey ? "redo" : "undo");
    else if (key === "y" && control) this.undo("redo");
    else if (key === "n") { this.input.focus(); this.input.select(); }
    else if (key === "/") { this.search.focus(); this.search.select(); }
    else if (key === "?") this.help.showModal();
    else if (key === "Escape" && this.selected.size) this.select(null);
    else return false;
    return true;
  }

  onCard(event, id) {
    const { key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const number = Number(key);
    if (event.shiftKey && (key === "ArrowLeft" || key === "ArrowRight")) this.step(id, key === "ArrowRight" ? 1 : -1);
    else if (key.startsWith("Arrow")) this.go(id, key);
    else if (key === "]" || key === "[") this.step(id, key === "]" ? 1 : -1);
    else if (number >= 1 && number <= 6) this.move(this.withSelected(id), Object.keys(NAMES)[number - 1]);
    else if (key === "c") this.move(this.withSelected(id), "committed");
    else if (key === "d") this.move(this.withSelected(id), "done");
    else if (key === "Delete") this.move(this.withSelected(id), "dropped");
    else if (key === "w") this.change(this.withSelected(id), { snooze: tomorrow(this.state.today) });
    else if (key === "s") this.work(id);
    else if (key === "e" || key === "Enter") this.edit(id);
    else if (key === " ") this.select(id);
    else return false;
    return true;
  }
}

export default {
  render({ model, el }) {
    const board = new Board(model, el);
    return () => board.close();
  },
};
