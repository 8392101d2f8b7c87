// Without a connection: try the same page again, or look at the pool as it was last seen.

document.querySelector("[data-again]").href = location.href;
const pool = document.querySelector("[data-last-pool]");
const kept = "caches" in window && await caches.match(pool.pathname, { cacheName: "leads-kept", ignoreVary: true });
pool.hidden = !kept || location.pathname === pool.pathname;
addEventListener("online", () => {
  // A page that was only looked at comes by itself; what was refused is for the reader to do again.
  if (document.body.dataset.case === "page") location.reload();
});
