/* The order of a draft's rules: dragged with mouse, finger or pen by a handle, or moved with the
   arrow keys on it. Without this script the buttons up and down do the same, one place at a time. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const box = document.querySelector("[data-order]");
  const list = box?.querySelector("ol");
  if (!list || list.querySelectorAll("[data-rule]").length < 2) return;
  const status = box.querySelector("[data-order-status]");
  const rules = () => [...list.querySelectorAll(":scope > [data-rule]")];
  const order = () => rules().map((rule) => rule.dataset.rule);
  let kept = order();
  let saving = Promise.resolve();
  let timer;

  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name]);

  function number() {
    const all = rules();
    all.forEach((rule, index) => {
      rule.querySelector("[data-place]").textContent = String(index + 1);
      const [up, down] = rule.querySelectorAll(".leaddistrib-order button[formaction]");
      up.disabled = index === 0;
      down.disabled = index === all.length - 1;
    });
  }

  function put(ids) {
    const byId = new Map(rules().map((rule) => [rule.dataset.rule, rule]));
    list.append(...ids.map((id) => byId.get(id)));
    number();
  }

  async function save(rule) {
    const wanted = order();
    if (wanted.join() === kept.join()) return;
    const data = new FormData(document.getElementById("leaddistrib-act"));
    for (const id of wanted) data.append("rule", id);
    const response = await fetch(box.dataset.order, { method: "POST", body: data }).catch(() => null);
    if (response?.ok) {
      kept = wanted;
      status.classList.remove("leaddistrib-failed");
      status.textContent = fill(box.dataset.orderSaid, {
        name: rule.dataset.name,
        place: wanted.indexOf(rule.dataset.rule) + 1,
        count: wanted.length,
      });
      return;
    }
    const answer = response?.status === 409 ? await response.json() : null;
    put(kept);
    status.classList.add("leaddistrib-failed");
    status.textContent = answer?.problem ?? box.dataset.orderFailed;
  }

  /* One after another, so that a slow answer never comes after a later order. */
  function keep(rule) {
    saving = saving.then(() => save(rule));
  }

  function drag(handle, rule) {
    let from = 0;

    const middle = (other) => {
      const { top, height } = other.getBoundingClientRect();
      return top + height / 2;
    };

    /* Neighbours change places with the rule as soon as the pointer is past their middle. They are
       moved, not the rule: a node that is taken out of the page loses the pointer, and the focus. */
    const follow = (event) => {
      const before = rule.offsetTop;
      for (let other; (other = rule.nextElementSibling) && event.clientY > middle(other);) rule.before(other);
      for (let other; (other = rule.previousElementSibling) && event.clientY < middle(other);) rule.after(other);
      from += rule.offsetTop - before;
      rule.style.transform = `translateY(${event.pageY - from}px)`;
      const edge = 60;
      if (event.clientY < edge) window.scrollBy(0, -8);
      else if (event.clientY > window.innerHeight - edge) window.scrollBy(0, 8);
    };

    const end = () => {
      handle.removeEventListener("pointermove", follow);
      handle.removeEventListener("pointerup", end);
      handle.removeEventListener("pointercancel", end);
      rule.classList.remove("leaddistrib-dragged");
      rule.style.transform = "";
      number();
      keep(rule);
    };

    handle.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      handle.focus();
      handle.setPointerCapture(event.pointerId);
      from = event.pageY;
      rule.classList.add("leaddistrib-dragged");
      handle.addEventListener("pointermove", follow);
      handle.addEventListener("pointerup", end);
      handle.addEventListener("pointercancel", end);
    });
  }

  function keys(handle, rule) {
    handle.addEventListener("keydown", (event) => {
      const neighbour = { ArrowUp: rule.previousElementSibling, ArrowDown: rule.nextElementSibling };
      if (!(event.key in neighbour)) return;
      event.preventDefault();
      if (event.key === "ArrowUp" && neighbour.ArrowUp) rule.after(neighbour.ArrowUp);
      if (event.key === "ArrowDown" && neighbour.ArrowDown) rule.before(neighbour.ArrowDown);
      number();
      window.clearTimeout(timer);
      timer = window.setTimeout(keep, 500, rule);
    });
    handle.addEventListener("blur", () => {
      window.clearTimeout(timer);
      keep(rule);
    });
  }

  for (const rule of rules()) {
    const handle = document.createElement("button");
    handle.type = "button";
    handle.className = "button leaddistrib-handle";
    handle.textContent = "⠿";
    handle.setAttribute("aria-label", fill(box.dataset.orderHandle, { name: rule.dataset.name }));
    rule.querySelector(".leaddistrib-order").prepend(handle);
    drag(handle, rule);
    keys(handle, rule);
  }
});
