// SPDX-License-Identifier: Apache-2.0
// Runs ahead of each document: how long it takes from an input to the next picture, the tasks that hold
// up the main thread, and when which upload was shown. All times are unix ms.
(() => {
  const now = () => performance.timeOrigin + performance.now();
  const watched = { inputs: [], tasks: [], shown: [], requests: 0, nodes: 0 };
  Object.defineProperty(window, "tallyStopwatch", { value: watched });

  // A picture is made behind the callbacks of a frame; the first task after them is behind it.
  function afterPaint(done) {
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = done;
      channel.port2.postMessage(null);
    });
  }

  for (const kind of ["click", "input", "keydown"]) {
    addEventListener(kind, (event) => {
      if (!event.isTrusted) return;
      afterPaint(() => watched.inputs.push({ kind, ms: performance.now() - event.timeStamp }));
    }, { capture: true });
  }
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) watched.tasks.push(entry.duration);
  }).observe({ type: "longtask", buffered: true });
  new PerformanceObserver((list) => {
    watched.requests += list.getEntries().length;
  }).observe({ type: "resource", buffered: true });

  new MutationObserver(() => {
    const upload = Number(document.documentElement.dataset.shown);
    afterPaint(() => watched.shown.push({ upload, at: now() }));
  }).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-shown"] });
  setInterval(() => {
    watched.nodes = Math.max(watched.nodes, document.getElementsByTagName("*").length);
  }, 500);
})();
