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

  /* The server's names for its widgets: with a list of its own for each field whose values it knows. */
  const WIDGETS = {
    closed: { list: "choices", one: "choice" },
    suggested: { list: "tags", one: "suggest" },
    searched: { list: "search", one: "find" },
  };

  function widgetFor(row) {
    const field = part(row, "field").selectedOptions[0];
    const operator = part(row, "op").selectedOptions[0];
    const { shape } = operator.dataset;
    const { kind, known } = field.dataset;
    if (shape === "range" || shape === "blank") return shape;
    if (shape === "list") return known ? `${WIDGETS[known].list}:${field.value}` : "list";
    if (known && ["eq", "ne"].includes(operator.value)) return `${WIDGETS[known].one}:${field.value}`;
    return kind === "number" ? "number" : "text";
  }

  const $ = window.django?.jQuery;
  const address = (field, text) =>
    `${editor.dataset.condKnownUrl}?${new URLSearchParams({ field, q: text })}`;

  function chooser(select, options) {
    const label = select.getAttribute("aria-label");
    $(select).select2({ theme: "admin-autocomplete", width: "100%", ...options });
    for (const input of select.parentElement.querySelectorAll(".select2-search__field")) {
      input.setAttribute("aria-label", label);
    }
  }

  /* A text area with one value per line becomes a list of values to choose, search and type. */
  function listOf(area, suggestions, options) {
    const labels = new Map(
      [...(area.nextElementSibling?.querySelectorAll("option") ?? [])].map((one) => [one.value, one.text]),
    );
    const select = document.createElement("select");
    select.multiple = true;
    select.name = area.name;
    select.setAttribute("aria-label", area.getAttribute("aria-label"));
    const chosen = area.value.split("\n").map((line) => line.trim()).filter(Boolean);
    for (const value of new Set([...chosen, ...suggestions])) {
      const is = chosen.includes(value);
      select.add(new Option(labels.get(value) ?? value, value, is, is));
    }
    area.replaceWith(select);
    chooser(select, options);
  }

  let asked = 0;
  /* Suggestions for a text field, asked of the server while somebody types. */
  function suggest(input) {
    const list = document.createElement("datalist");
    asked += 1;
    list.id = `cond-find-${asked}`;
    input.after(list);
    input.setAttribute("list", list.id);
    let timer;
    input.addEventListener("input", () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(async () => {
        const text = input.value;
        const response = await fetch(address(input.dataset.condFind, text)).catch(() => null);
        if (!response?.ok || input.value !== text) return;
        const { results } = await response.json();
        list.replaceChildren(...results.map(({ id, text: label }) => new Option(label, id)));
      }, 200);
    });
  }

  /* Make long lists searchable. Without select2 the plain fields stay as they are. */
  function enhance(box) {
    for (const input of box.querySelectorAll("input[data-cond-find]:not([list])")) suggest(input);
    if (!$?.fn.select2) return;
    for (const select of box.querySelectorAll("select[multiple]:not(.select2-hidden-accessible)")) {
      if (select.options.length >= 20) chooser(select, {});
    }
    for (const area of box.querySelectorAll("textarea[data-cond-tags]")) {
      const known = editor.querySelectorAll(`[id="cond-known-${area.dataset.condTags}"] option`);
      listOf(area, [...known].map((one) => one.value), { tags: true });
    }
    for (const area of box.querySelectorAll("textarea[data-cond-search]")) {
      const field = area.dataset.condSearch;
      listOf(area, [], {
        tags: true,
        minimumInputLength: 1,
        ajax: {
          delay: 200,
          transport: ({ data }, success, failure) => {
            fetch(address(field, data.q ?? data.term ?? "")).then((response) => response.json()).then(success, failure);
          },
          data: ({ term }) => ({ q: term }),
        },
      });
    }
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
    enhance(box);
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
