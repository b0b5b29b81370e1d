/** Hands on what the lab's worker reports, for the test to read. */
const lab = new Worker(new URL('./lab.worker.ts', import.meta.url), { type: 'module' });
lab.onmessage = ({ data }) => {
  document.body.dataset.report = JSON.stringify(data);
};
lab.onerror = (event) => {
  document.body.dataset.report = JSON.stringify({ error: event.message });
};
