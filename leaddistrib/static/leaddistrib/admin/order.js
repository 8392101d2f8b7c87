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
    let offset = 0;
    let from = 0;

    const follow = (event) => {
      // A rule changes places as soon as the pointer is past the middle of its neighbour.
      for (const other of rules()) {
        if (other === rule) continue;
        const { top, height } = other.getBoundingClientRect();
        const middle = top + height / 2;
        const after = rule.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING;
        const before = rule.offsetTop;
        if (after && event.clientY > middle) other.after(rule);
        else if (!after && event.clientY < middle) other.before(rule);
        else continue;
        from += rule.offsetTop - before;
        break;
      }
      offset = event.clientY - from;
      rule.style.transform = `translateY(${offset}px)`;
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
      from = event.clientY;
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
      if (event.key === "ArrowUp") neighbour.ArrowUp?.before(rule);
      else neighbour.ArrowDown?.after(rule);
      number();
      handle.focus();
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
