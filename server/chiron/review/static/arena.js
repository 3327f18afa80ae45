"use strict";
// The arena's keys. A choice moves on only when the server has said that it is on the disk.
(() => {
  const $ = (selector, within = document) => within.querySelector(selector);
  const csrf = $('meta[name="csrf"]').content;
  const place = $("#match");
  const skipped = [];
  const chosen = []; // {seq, question}, so that z can take them back in order
  let busy = false;

  function say(words) {
    const box = $("#toast");
    box.textContent = words;
    box.classList.add("on");
    setTimeout(() => box.classList.remove("on"), 2200);
  }
  function trouble(words) {
    const box = $("#trouble");
    box.textContent = words;
    box.hidden = words === "";
  }
  async function ask(path, values) {
    let answer;
    try {
      answer = await fetch(path, values && {
        method: "POST",
        headers: { "X-CSRF-Token": csrf, "Content-Type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams(values).toString(),
      });
    } catch {
      throw new Error("The review does not answer: it was ended. Run `chiron review`.");
    }
    const text = await answer.text();
    if (!answer.ok) {
      const page = new DOMParser().parseFromString(text, "text/html");
      throw new Error($("#why", page)?.textContent ?? (text.length < 500 ? text : `The review said ${answer.status}.`));
    }
    return text;
  }
  async function show(question) {
    place.innerHTML = await ask(`/arena/match?${new URLSearchParams({ skipped: skipped.join(","), question: question ?? "" })}`);
    $("#left").textContent = $("[data-left]", place)?.dataset.left ?? "0";
  }
  async function once(work) {
    if (busy) return;
    busy = true;
    try {
      await work();
      trouble("");
    } catch (error) {
      trouble(error.message);
    } finally {
      busy = false;
    }
  }
  // Working them out takes a moment: only for somebody who is looking.
  function rated() {
    const box = $("#ratings");
    if (box.open) htmx.trigger(box, "rated");
  }
  const WORDS = { left: "A is better", right: "B is better", tie: "As good as each other", bad: "Both bad" };
  const choose = (side) =>
    once(async () => {
      const question = $("article", place)?.dataset.question;
      if (!question) return;
      const said = JSON.parse(await ask("/arena/choose", { question, side }));
      chosen.push({ seq: said.seq, question });
      await show();
      say(`${WORDS[side]} — saved. z takes it back.`);
      rated();
    });
  const undo = () =>
    once(async () => {
      const last = chosen.pop();
      if (!last) return say("There is nothing to take back.");
      await ask("/arena/undo", { seq: last.seq });
      await show(last.question);
      say("Taken back.");
      rated();
    });
  const skip = () =>
    once(async () => {
      const question = $("article", place)?.dataset.question;
      if (!question) return;
      skipped.push(question);
      await show();
    });
  const keys = {
    ArrowLeft: () => choose("left"), ArrowRight: () => choose("right"), t: () => choose("tie"), x: () => choose("bad"),
    " ": skip, z: undo, r: () => { const box = $("#ratings"); box.open = !box.open; },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]") || !keys[event.key]) return;
    event.preventDefault();
    // A key that is held down is one choice.
    if (!event.repeat) keys[event.key]();
  });
  document.addEventListener("click", (event) => {
    const at = event.target instanceof Element ? event.target : null;
    const choice = at?.closest("[data-choose]");
    if (choice) choose(choice.dataset.choose);
    const deed = at?.closest("[data-arena]");
    if (deed) ({ skip, undo })[deed.dataset.arena]();
  });
})();
