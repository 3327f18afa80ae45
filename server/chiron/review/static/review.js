"use strict";
// The page's keys, and what follows a verdict: it is saved, the next suggestion comes, other windows are told.
// Nothing moves on before the server has said that it is on the disk.
(() => {
  const $ = (selector, within = document) => within.querySelector(selector);
  const csrf = $('meta[name="csrf"]').content;
  const list = $("#list");
  const card = $("#card");
  const others = new BroadcastChannel("chiron-review");
  const ACTS = "chiron-review-acts";
  let saving = false;
  let wanted = null; // the id whose card is shown, or being fetched
  const drafts = new Map(); // by id, what was typed and not yet saved with a verdict

  // ------------------------------------------------------------------ what is said to the person
  function trouble(words) {
    const box = $("#trouble");
    box.textContent = words;
    box.hidden = words === "";
  }
  let toastTimer = 0;
  function toast(words) {
    const box = $("#toast");
    box.textContent = words;
    box.classList.add("on");
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => box.classList.remove("on"), 2200);
  }

  // ------------------------------------------------------------------ asking the server
  async function post(path, values) {
    let answer;
    try {
      answer = await fetch(path, {
        method: "POST",
        headers: { "X-CSRF-Token": csrf, "Content-Type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams(values).toString(),
      });
    } catch {
      throw new Error("The review does not answer: it was ended. Run `chiron review`.");
    }
    const kind = answer.headers.get("content-type") ?? "";
    if (kind.startsWith("application/json")) {
      return { status: answer.status, said: await answer.json() };
    }
    throw new Error(reason(await answer.text(), answer.status));
  }
  function reason(text, status) {
    const page = new DOMParser().parseFromString(text, "text/html");
    return $("#why", page)?.textContent ?? (text.length < 500 && text ? text : `The review said ${status}.`);
  }

  // ------------------------------------------------------------------ the list
  const rows = () => [...list.querySelectorAll(".row:not(.erased)")];
  const rowOf = (id) => list.querySelector(`.row[data-id="${CSS.escape(id)}"]`);
  const chosen = () => list?.querySelector('.row[aria-selected="true"]') ?? null;
  const article = () => $("article", card ?? document.createElement("div"));

  // The row beside this one, be it in the next chunk; or the place where more rows will come; or null.
  function step(row, forwards) {
    const beside = (one) => (forwards ? one.nextElementSibling : one.previousElementSibling);
    let other = row;
    do {
      let chunk = other.parentElement;
      other = beside(other);
      while (!other && chunk && (chunk = beside(chunk))) {
        if (chunk.classList.contains("more")) return chunk;
        other = forwards ? chunk.firstElementChild : chunk.lastElementChild;
      }
    } while (other?.classList.contains("erased"));
    return other;
  }
  async function move(forwards, unlabelled = false) {
    let row = chosen() ?? rows()[0];
    if (!row) return;
    for (;;) {
      let next = step(row, forwards);
      if (next?.classList.contains("more")) {
        await moreRows(next);
        next = step(row, forwards);
      }
      if (!next || next.classList.contains("more")) break;
      row = next;
      if (!unlabelled || !row.dataset.label) return select(row);
    }
    if (unlabelled) toast("That was the last one.");
  }
  function moreRows(place) {
    return new Promise((done) => {
      const finish = () => {
        document.body.removeEventListener("htmx:afterSettle", finish);
        done();
      };
      document.body.addEventListener("htmx:afterSettle", finish);
      htmx.trigger(place, "more");
      setTimeout(finish, 3000);
    });
  }
  async function select(row) {
    chosen()?.setAttribute("aria-selected", "false");
    row.setAttribute("aria-selected", "true");
    row.scrollIntoView({ block: "nearest" });
    await show(row.dataset.id);
  }
  async function show(id) {
    wanted = id;
    try {
      const answer = await fetch(`/card/${encodeURIComponent(id)}`);
      const text = await answer.text();
      if (wanted !== id) return; // somebody who keeps a key down sees the last one only
      if (!answer.ok && answer.status !== 404) throw new Error(reason(text, answer.status));
      const opened = new Set([...card.querySelectorAll("details")].filter((one) => one.open).map((one) => one.id));
      const first = !article();
      card.innerHTML = text;
      htmx.process(card);
      if (!first) card.querySelectorAll("details").forEach((one) => (one.open = opened.has(one.id)));
      restore(id);
      $(".code .new", card)?.scrollIntoView({ block: "nearest" });
      $(".card-body", card)?.scrollTo(0, 0);
      mark(id, { label: article()?.dataset.label || null, words: $("#standing", card)?.textContent ?? "" });
      trouble("");
    } catch (error) {
      wanted = null;
      trouble(error instanceof TypeError ? "The review does not answer: it was ended. Run `chiron review`." : error.message);
    }
  }
  function restore(id) {
    const draft = drafts.get(id);
    if (!draft || !article()) return;
    $("section#correct", card).hidden = false;
    $("textarea", card).value = draft.correction;
    $("#note", card).value = draft.note;
  }
  function mark(id, said) {
    const row = list ? rowOf(id) : null;
    if (!row) return;
    const before = Boolean(row.dataset.label);
    if (said.label) row.dataset.label = said.label;
    else delete row.dataset.label;
    $(".verdict", row).textContent = said.label ? said.words : "";
    const left = $("#left");
    if (left && before !== Boolean(said.label)) {
      left.textContent = String(Number(left.textContent) + (said.label ? -1 : 1));
    }
  }
  function markCard(said) {
    const here = article();
    if (!here) return;
    here.dataset.seen = said.seen;
    here.dataset.label = said.label ?? "";
    const standing = $("#standing", here);
    standing.textContent = said.words;
    standing.classList.toggle("given", Boolean(said.label));
    for (const one of here.querySelectorAll(".v")) one.setAttribute("aria-pressed", String(one.dataset.verdict === said.label));
  }

  // ------------------------------------------------------------------ verdicts
  const acts = () => JSON.parse(sessionStorage.getItem(ACTS) ?? "[]");
  const keepActs = (all) => sessionStorage.setItem(ACTS, JSON.stringify(all.slice(-200)));

  async function once(work) {
    if (saving) return;
    saving = true;
    document.body.classList.add("saving");
    try {
      await work();
    } catch (error) {
      trouble(`Not saved. ${error.message}`);
    } finally {
      saving = false;
      document.body.classList.remove("saving");
    }
  }
  const give = (label) =>
    once(async () => {
      const here = article();
      if (!here) return;
      const id = here.dataset.id;
      const correcting = !$("section#correct", here).hidden;
      const { status, said } = await post("/label", {
        id,
        label,
        seen: here.dataset.seen,
        correction: correcting ? $("textarea", here).value : "",
        note: correcting ? $("#note", here).value : "",
      });
      if (status === 404) return gone(id);
      if (status === 409) return overtaken(id, said);
      drafts.delete(id);
      keepActs([...acts(), { id, act: said.seen, words: said.words }]);
      mark(id, said);
      markCard(said);
      others.postMessage({ id, said });
      trouble("");
      toast(`${said.words} — saved. z takes it back.`);
      if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
      await move(true, true);
    });
  const undo = () =>
    once(async () => {
      const all = acts();
      const last = all.pop();
      if (!last) return toast("There is nothing to take back.");
      const seen = known(last.id) ?? last.seen ?? last.act;
      const { status, said } = await post("/undo", { id: last.id, act: last.act, seen });
      if (status === 409) return overtaken(last.id, said);
      keepActs(all.map((one) => (one.id === last.id ? { ...one, seen: said.seen } : one)));
      if (status === 404) return gone(last.id);
      mark(last.id, said);
      others.postMessage({ id: last.id, said });
      trouble("");
      toast(`“${last.words}” is taken back.`);
      const row = rowOf(last.id);
      if (row) await select(row);
      else await show(last.id);
    });
  const known = (id) => (article()?.dataset.id === id ? Number(article().dataset.seen) : null);
  function overtaken(id, said) {
    mark(id, said);
    if (article()?.dataset.id === id) markCard(said);
    trouble(
      said.label
        ? `Another window has said “${said.words}” meanwhile. Press the key again to say otherwise.`
        : "Another window has taken its verdict back meanwhile. Press the key again.",
    );
  }
  function gone(id) {
    rowOf(id)?.classList.add("erased");
    trouble("That suggestion was deleted meanwhile.");
  }
  others.onmessage = ({ data }) => {
    mark(data.id, data.said);
    const here = article();
    if (here?.dataset.id === data.id) markCard(data.said);
  };

  // ------------------------------------------------------------------ what else the keys do
  function edit() {
    const section = $("section#correct", card);
    if (!section) return;
    section.hidden = false;
    const text = $("textarea", section);
    text.focus();
    // After the name, where what was suggested begins.
    const end = text.value.indexOf("\n");
    text.setSelectionRange(end + 1, end + 1);
    section.scrollIntoView({ block: "nearest" });
  }
  function unfold(id) {
    const one = $(`details#${id}`, card);
    if (!one) return;
    one.open = !one.open;
    if (one.open) one.scrollIntoView({ block: "nearest" });
  }
  function skip() {
    chosen()?.classList.add("skipped");
    return move(true, true);
  }
  const deeds = { edit, skip, undo, close: () => $("#dialog").close(), reload: () => location.reload() };
  const plain = {
    j: () => move(true), ArrowDown: () => move(true), k: () => move(false), ArrowUp: () => move(false),
    t: () => unfold("events"), w: () => unfold("sent"), z: undo,
    "/": () => ($("#q") ? $("#q").focus() : (location.href = "/search")),
    "?": () => $("#help").showModal(),
  };
  document.addEventListener("keydown", (event) => {
    const at = event.target;
    const typing = at instanceof HTMLElement && at.matches("input:not([type=checkbox]), textarea, select");
    if (typing) {
      if (event.key === "Escape") at.blur();
      else if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && at.closest("#correct")) {
        event.preventDefault();
        const speaks = $("[data-speaks]", card);
        if (speaks) give(speaks.dataset.speaks);
        else toast("Press esc, and then the key of a verdict.");
      } else if (event.key === "Enter" && at.matches("textarea") && !event.isComposing) indent(event, at);
      else if (event.key === "Tab" && at.matches("textarea") && !event.shiftKey) {
        event.preventDefault();
        document.execCommand("insertText", false, "  ");
      }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    // The arena has keys of its own; there only those that lead elsewhere are these.
    if (document.body.classList.contains("page-arena") && !/^[1-4/?]$/.test(event.key)) return;
    const button = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === event.key);
    if (plain[event.key] && !(event.key === "z" && !article())) {
      event.preventDefault();
      plain[event.key]();
    } else if (button) {
      event.preventDefault();
      // A key that is held down gives one verdict, not one to every suggestion that comes.
      if (!event.repeat) button.click();
    }
  });
  function indent(event, area) {
    event.preventDefault();
    const line = area.value.slice(0, area.selectionStart).split("\n").at(-1);
    const deeper = line.trimEnd().endsWith(":") ? "  " : "";
    // `insertText` and not the value: the browser's own undo goes on working.
    document.execCommand("insertText", false, `\n${/^ */.exec(line)[0]}${deeper}`);
  }
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const row = event.target.closest(".row");
    if (row && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      // The card that is there already may be one that somebody writes in.
      if (wanted !== row.dataset.id) select(row);
      return;
    }
    const verdict = event.target.closest("[data-verdict]");
    if (verdict) give(verdict.dataset.verdict);
    const deed = event.target.closest("[data-do]");
    if (deed) deeds[deed.dataset.do]?.();
    if (event.target.closest("#help-button")) $("#help").showModal();
  });
  document.addEventListener("input", (event) => {
    const here = event.target.closest("#correct") && article();
    if (here) drafts.set(here.dataset.id, { correction: $("textarea", here).value, note: $("#note", here).value });
  });
  document.addEventListener("change", (event) => {
    const at = event.target;
    if (at.id === "any-origin") location.href = at.checked ? at.dataset.on : at.dataset.off;
    else if (at.matches("#search select")) at.form.requestSubmit();
  });
  $("#search")?.addEventListener("submit", (event) => {
    // Addresses without what was not asked.
    for (const field of event.target.elements) if (field.name && field.value === "") field.disabled = true;
  });

  // ------------------------------------------------------------------ parts that htmx brings
  document.body.addEventListener("htmx:afterSwap", (event) => {
    const dialog = event.detail.target;
    if (dialog.id === "dialog" && !dialog.open) dialog.showModal();
    // What the validator says must be seen by who is typing.
    if (dialog.id === "check") dialog.scrollIntoView({ block: "nearest" });
  });
  for (const kind of ["htmx:responseError", "htmx:sendError"]) {
    document.body.addEventListener(kind, (event) => {
      const answer = event.detail.xhr;
      $("#dialog").close();
      trouble(answer?.status ? reason(answer.responseText, answer.status) : "The review does not answer: it was ended. Run `chiron review`.");
    });
  }

  if (list) {
    const first = rows().find((row) => !row.dataset.label) ?? rows()[0];
    if (first) select(first);
  }
})();
