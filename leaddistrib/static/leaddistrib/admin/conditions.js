/* The editor of a rule's conditions: adds, nests and removes rows, and gives each value the widget
   that fits its field and operator. Without it the same form works row by row. Every row is copied
   from a <template>; what people typed is only ever set as a value. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const editor = document.querySelector("[data-cond-editor]");
  if (!editor) return;
  let latest = 0;

  const part = (row, name) => row.querySelector(`[data-cond-part="${name}"]`);

  function copy(selector, id, parent) {
    const fragment = editor.querySelector(selector).content.cloneNode(true);
    for (const element of fragment.querySelectorAll("[name], [data-cond-row]")) {
      if (element.name) element.name = element.name.replace("__id__", id);
      if (element.dataset.condRow) element.dataset.condRow = id;
      if (element.type === "hidden") {
        if (element.value === "__id__") element.value = id;
        if (element.value === "__parent__") element.value = parent;
      }
    }
    return fragment;
  }

  function widgetFor(row) {
    const field = part(row, "field").selectedOptions[0];
    const operator = part(row, "op").selectedOptions[0];
    const { shape } = operator.dataset;
    const { kind, choices } = field.dataset;
    if (shape === "range" || shape === "blank") return shape;
    if (shape === "list") return choices ? `choices:${choices}` : "list";
    if (choices && ["eq", "ne"].includes(operator.value)) return `choice:${choices}`;
    return kind === "number" ? "number" : "text";
  }

  function searchable(select) {
    if (!select || !select.multiple || select.options.length < 20 || !window.django?.jQuery?.fn.select2) return;
    window.django.jQuery(select).select2({ theme: "admin-autocomplete", width: "100%" });
  }

  function values(box) {
    return [...box.querySelectorAll("[name]")].flatMap((element) => {
      if (element.multiple) return [...element.selectedOptions].map((option) => option.value);
      return element.value.split("\n");
    }).filter((value) => value.trim() !== "");
  }

  function fill(box, before) {
    const elements = [...box.querySelectorAll("[name]")];
    elements.forEach((element, index) => {
      if (element.multiple) {
        for (const option of element.options) option.selected = before.includes(option.value);
      } else if (element.tagName === "TEXTAREA") {
        element.value = before.join("\n");
      } else if (element.tagName === "SELECT") {
        if ([...element.options].some((option) => option.value === before[0])) element.value = before[0];
      } else if (before[index] !== undefined) {
        element.value = before[index];
      }
    });
  }

  /* Offer the operators that work on the field, and the widget that fits both. */
  function settle(row, replace) {
    const field = part(row, "field").selectedOptions[0];
    const operators = part(row, "op");
    for (const option of operators.options) {
      const fits = !field.dataset.kind || option.dataset.kinds.split(" ").includes(field.dataset.kind);
      option.hidden = option.disabled = !fits;
    }
    if (operators.selectedOptions[0].disabled) operators.value = "eq";
    const box = part(row, "value");
    const widget = widgetFor(row);
    if (replace && box.dataset.widget !== widget) {
      const before = values(box);
      box.replaceChildren(copy(`[data-cond-widget="${widget}"]`, row.dataset.condRow, ""));
      fill(box, before);
    }
    box.dataset.widget = widget;
    searchable(box.querySelector("select[multiple]:not(.select2-hidden-accessible)"));
  }

  function wake(root) {
    for (const element of root.querySelectorAll(".cond-actions, .cond-remove")) element.hidden = false;
    for (const element of root.querySelectorAll(".cond-nojs")) element.remove();
    for (const row of root.querySelectorAll(".cond-row")) settle(row, false);
  }

  function add(group, kind) {
    latest += 1;
    const id = `js${latest}`;
    const children = group.querySelector(":scope > .cond-children");
    children.append(copy(`[data-cond-template="${kind}"]`, id, group.dataset.condRow));
    const row = children.lastElementChild;
    wake(row.parentElement);
    if (kind === "group") {
      add(row, "leaf");
    } else {
      part(row, "field").focus();
    }
  }

  editor.addEventListener("change", (event) => {
    const name = event.target.dataset.condPart;
    if (name === "field" || name === "op") settle(event.target.closest(".cond-row"), true);
  });

  editor.addEventListener("click", (event) => {
    const button = event.target.closest("[data-cond-action]");
    if (!button) return;
    const row = button.closest("[data-cond-row]");
    if (button.dataset.condAction === "remove") {
      row.closest(".cond-group:not([data-cond-row='" + row.dataset.condRow + "'])")?.querySelector("select")?.focus();
      row.remove();
    } else {
      add(row, button.dataset.condAction === "add-group" ? "group" : "leaf");
    }
  });

  /* An id that came from the server after an error may be a "js" one: new ones stay apart. */
  for (const row of editor.querySelectorAll("[data-cond-row^='js']")) {
    latest = Math.max(latest, Number(row.dataset.condRow.slice(2)) || 0);
  }
  editor.classList.add("cond-js");
  wake(editor);
});
