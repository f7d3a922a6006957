// For `netsee app --watch`: when a later server answers, the page is loaded anew at the tab of what was saved; what is broken is told.
(() => {
  let server;
  const tell = (lines) => {
    const box = document.createElement("pre");
    box.className = "broken";
    box.setAttribute("role", "alert");
    box.style.cssText = "position:fixed;inset:auto 0 0 0;margin:0;padding:12px 20px;background:#7a1f1f;color:#fff;"
      + "white-space:pre-wrap;z-index:1000";
    box.textContent = lines.join("\n");
    document.body.append(box);
  };
  setInterval(async () => {
    let now;
    try { now = await (await fetch("netsee/watch", { cache: "no-store" })).json(); } catch { return; }
    if (server === undefined) { server = now.server; if (now.broken.length) tell(now.broken); }
    else if (now.server > server)
      location.assign(location.pathname + (now.tab ? "?tab=" + encodeURIComponent(now.tab) : location.search));
  }, 1000);
})();
