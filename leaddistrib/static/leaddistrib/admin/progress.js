/* A dry run that is being worked out: its page is asked again every second and shown in place.
   Without this script the page loads itself anew. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const EVERY = 1000;

  async function look() {
    const shown = document.getElementById("dry-run");
    if (shown?.dataset.state !== "waits") return;
    const response = await fetch(window.location.href).catch(() => null);
    if (response?.ok) {
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const newer = page.getElementById("dry-run");
      if (newer) shown.replaceWith(document.importNode(newer, true));
    }
    window.setTimeout(look, EVERY);
  }

  window.setTimeout(look, EVERY);
});
