// Without a connection: try the same page again, or look at the pool as it was last seen.

document.querySelector("[data-again]").href = location.href;
const pool = document.querySelector("[data-last-pool]");
const kept = "caches" in window && await caches.match(pool.pathname, { cacheName: "leads-kept", ignoreVary: true });
pool.hidden = !kept || location.pathname === pool.pathname;

// A page that was only looked at comes by itself; what was refused is for the reader to do again.
// Browsers say that they are online as soon as there is a network, whether or not it leads anywhere.
addEventListener("online", async () => {
  if (document.body.dataset.case !== "page") return;
  try {
    await fetch(location.href, { method: "HEAD", cache: "no-store" });
    location.reload();
  } catch {
    // Not yet.
  }
});
