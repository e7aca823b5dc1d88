// Puts the charts into a page when they come into sight, lets keys zoom them, and keeps a live page up to date.
const charts = new Map();
const NARROW = 560;

// Bars side by side need room by their number.
const heights = {
  importance: () => 30 + 26 * Math.min(20, (found(data.search.importance) || []).length),
  sensitivity: () => { const j = found(data.judged); const s = j && found(j.sensitivities); return s ? 70 + 28 * s.length : 0; },
};

const drawOne = (element) => {
  const name = element.dataset.chart;
  const isNarrow = element.clientWidth < NARROW;
  const height = heights[name] && heights[name]();
  if (height) element.style.height = `${height}px`;
  const option = draw[name](Number(element.dataset.index || 0), isNarrow, element);
  if (!option) {
    element.hidden = true;
    return;
  }
  element.hidden = false;
  let chart = charts.get(element);
  const before = chart && (chart.getOption().dataZoom || [])[0];
  if (!chart) {
    chart = echarts.init(element, null, { renderer: 'canvas' });
    charts.set(element, chart);
    addKeys(element, chart, option);
    if (name === 'price') chart.on('datazoom', () => fit(chart));
  }
  chart.setOption(option, { notMerge: true });
  if (before && option.dataZoom && before.end - before.start < 100) chart.dispatchAction({ type: 'dataZoom', start: before.start, end: before.end });
  element.dataset.drawn = isNarrow ? 'narrow' : 'wide';
};

// The price axis follows what is seen, and few enough candles are drawn with their bodies.
const fit = (chart) => {
  const { start, end, startValue, endValue } = chart.getOption().dataZoom[0];
  const { times, candles } = found(data.market).price;
  const seen = candles.filter((_c, i) => times[i] >= startValue && times[i] <= endValue);
  const isWhole = end - start > 99.9 || !seen.length;
  const [low, high] = [Math.min(...seen.map((c) => c[2])), Math.max(...seen.map((c) => c[3]))];
  const room = (high - low) * 0.05;
  chart.setOption({ yAxis: isWhole ? { min: null, max: null } : { min: low - room, max: high + room, axisLabel: { showMinLabel: false, showMaxLabel: false } }, series: [{ large: seen.length > 800, barWidth: seen.length > 800 ? null : Math.max(1, (0.5 * chart.getWidth()) / seen.length) }] }, { lazyUpdate: true });
};

// Charts that can be zoomed are reached and moved by keys.
const addKeys = (element, chart, option) => {
  if (!option.dataZoom) return;
  element.tabIndex = 0;
  const hint = document.createElement('p');
  hint.className = 'keys';
  hint.textContent = 'Zoom with the bar below the chart, or with + and −; move with the arrow keys; 0 shows all.';
  element.after(hint);
  element.addEventListener('keydown', (event) => {
    const { start, end } = chart.getOption().dataZoom[0];
    const width = end - start;
    const to = { '+': [start + width / 4, end - width / 4], '=': [start + width / 4, end - width / 4], '-': [start - width / 2, end + width / 2], ArrowLeft: [start - width / 8, end - width / 8], ArrowRight: [start + width / 8, end + width / 8], 0: [0, 100] }[event.key];
    if (!to || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const shift = Math.max(0, -to[0]) - Math.max(0, to[1] - 100);
    chart.dispatchAction({ type: 'dataZoom', start: Math.max(0, to[0] + (event.key.startsWith('Arrow') ? shift : 0)), end: Math.min(100, to[1] + (event.key.startsWith('Arrow') ? shift : 0)) });
  });
};

const seen = new IntersectionObserver((entries) => entries.forEach((entry) => {
  if (entry.isIntersecting && !charts.has(entry.target)) drawOne(entry.target);
}), { rootMargin: '400px' });
const sized = new ResizeObserver((entries) => entries.forEach(({ target }) => {
  const chart = charts.get(target);
  if (!chart || !target.clientWidth) return;
  chart.resize();
  if (target.dataset.chart === 'map' || target.dataset.drawn !== (target.clientWidth < NARROW ? 'narrow' : 'wide')) drawOne(target);
}));
const watch = (root) => root.querySelectorAll('[data-chart]').forEach((element) => {
  seen.observe(element);
  sized.observe(element);
});
const redraw = () => {
  readColours();
  charts.forEach((_chart, element) => drawOne(element));
};
const drawAll = () => {
  readColours();
  document.querySelectorAll('[data-chart]').forEach((element) => {
    charts.get(element)?.resize();
    drawOne(element);
    charts.get(element)?.getZr().flush();
  });
};

// A live page: new sections take the place of old ones; charts that are drawn stay where the reader has them.
const key = (element) => `${element.dataset.chart}/${element.dataset.index || ''}`;
let kept = new Map();
const keep = (root) => { kept = new Map([...root.querySelectorAll('section')].map((s) => [s.id, s.outerHTML])); };
const replace = (old, fresh) => {
  const drawn = new Map([...old.querySelectorAll('[data-chart]')].map((e) => [key(e), e]));
  fresh.querySelectorAll('[data-chart]').forEach((e) => {
    const before = drawn.get(key(e));
    if (!before) return;
    before.setAttribute('aria-label', e.getAttribute('aria-label'));
    const hint = before.nextElementSibling;
    if (hint && hint.className === 'keys') e.after(hint);
    e.replaceWith(before);
  });
  const open = [...old.querySelectorAll('details')].map((d) => d.open);
  fresh.querySelectorAll('details').forEach((d, i) => { d.open = Boolean(open[i]); });
  const focusable = 'summary, a, [tabindex]';
  const focused = [...old.querySelectorAll(focusable)].indexOf(document.activeElement);
  old.replaceWith(fresh);
  if (focused >= 0) fresh.querySelectorAll(focusable)[focused]?.focus({ preventScroll: true });
};
const update = (html) => {
  const page = new DOMParser().parseFromString(html, 'text/html');
  const main = document.getElementById('main');
  document.getElementById('data').textContent = page.getElementById('data').textContent;
  data = readData(document);
  const before = kept;
  keep(page);
  let last = null;
  for (const fresh of page.querySelectorAll('section')) {
    const node = document.importNode(fresh, true);
    const old = document.getElementById(fresh.id);
    if (!old) {
      last ? last.after(node) : main.prepend(node);
      last = node;
    } else if (before.get(fresh.id) !== kept.get(fresh.id)) {
      replace(old, node);
      last = node;
    } else {
      last = old;
    }
  }
  charts.forEach((chart, element) => {
    if (element.isConnected) return;
    chart.dispose();
    charts.delete(element);
  });
  watch(main);
  redraw();
};
const listen = () => {
  const status = document.getElementById('live');
  let wanted = null;
  let shownRevision = null;
  let isBusy = false;
  // The server makes pages at its own pace: what it gives may be behind what it tells.
  const refresh = async () => {
    if (isBusy || shownRevision === wanted) return;
    isBusy = true;
    try {
      const answer = await fetch('part');
      if (answer.ok) {
        update(await answer.text());
        shownRevision = answer.headers.get('x-revision');
        document.body.dataset.revision = shownRevision;
      }
    } catch {
      // The stream tells that the server is gone.
    }
    isBusy = false;
    if (shownRevision !== wanted) setTimeout(refresh, 1500);
  };
  const stream = new EventSource('events');
  stream.addEventListener('state', (event) => {
    const state = JSON.parse(event.data);
    status.textContent = state.text;
    status.classList.toggle('running', state.running);
    wanted = state.revision || shownRevision;
    refresh();
  });
  stream.onerror = () => {
    status.textContent = 'The server does not answer; trying again.';
    status.classList.remove('running');
  };
};

data = readData(document);
readColours();
keep(document);
watch(document);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
matchMedia('print').addEventListener('change', redraw);
addEventListener('beforeprint', drawAll);
if ('live' in document.body.dataset) listen();
