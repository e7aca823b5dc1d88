'use strict';
// The charts of a page: each function of `draw` makes one of them from the page's data. No text of a study enters HTML here
// but through `safe`. The script that follows, `page.js`, puts them into the page.
let data = {};
let colours = {};

const safe = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const readData = (from) => JSON.parse(from.getElementById('data').textContent);
const number = (v) => {
  if (v === null || v === undefined || !Number.isFinite(v)) return '–';
  const text = v !== 0 && (Math.abs(v) < 1e-4 || Math.abs(v) >= 1e9) ? v.toExponential(2) : String(Number(v.toPrecision(4)));
  return text.replace('-', '−');
};
const percent = (v) => (v === null || v === undefined ? '–' : `${(v * 100).toFixed(1).replace('-', '−')}\u202f%`);
const percentTick = (v) => `${String(Math.round(v * 1000) / 10).replace('-', '−')}\u202f%`;
const day = (ms) => new Date(ms).toISOString().slice(0, 10);
const minute = (ms) => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
const found = (part) => (part && part.missing === undefined ? part : null);

const readColours = () => {
  const style = getComputedStyle(document.documentElement);
  for (const name of ['bg', 'surface', 'ink', 'muted', 'line', 'accent', 'one', 'two', 'three', 'four', 'faint', 'low', 'high']) {
    colours[name] = style.getPropertyValue(`--${name}`).trim();
  }
};

// What all charts share.
const axis = (more) => ({
  axisLine: { lineStyle: { color: colours.line } },
  axisTick: { show: false },
  axisLabel: { color: colours.muted, fontSize: 12, hideOverlap: true },
  splitLine: { lineStyle: { color: colours.line, opacity: 0.7 } },
  nameTextStyle: { color: colours.muted, fontSize: 12 },
  ...more,
});
const value = (more) => axis({ type: 'value', scale: true, ...more, axisLabel: { color: colours.muted, fontSize: 12, hideOverlap: true, formatter: number, ...(more || {}).axisLabel } });
const category = (more) => axis({ type: 'category', splitLine: { show: false }, ...more });
const time = (more) => axis({ type: 'time', splitLine: { show: false }, ...more });
const base = (more) => ({
  useUTC: true,
  animation: false,
  // A chart is drawn at once, or paper would have half of it.
  progressive: 0,
  backgroundColor: 'transparent',
  textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: colours.ink },
  aria: { enabled: false },
  ...more,
  tooltip: more.tooltip === null ? undefined : {
    backgroundColor: colours.surface,
    borderColor: colours.line,
    textStyle: { color: colours.ink, fontSize: 13 },
    confine: true,
    ...more.tooltip,
  },
});
const plain = (name) => ({ name, itemStyle: { opacity: 0 } });
const legend = (more) => ({ top: 0, left: 0, itemGap: 18, textStyle: { color: colours.ink, fontSize: 12.5 }, inactiveColor: colours.faint, ...more });
const zoom = (axes, narrow) => [
  ...(narrow ? [] : [{ type: 'inside', xAxisIndex: axes, zoomOnMouseWheel: 'ctrl', moveOnMouseWheel: false, filterMode: 'none' }]),
  {
    type: 'slider', xAxisIndex: axes, height: 20, bottom: 6, filterMode: 'none', borderColor: colours.line, brushSelect: false,
    showDataShadow: false, labelFormatter: (v) => day(v), textStyle: { color: colours.muted, fontSize: 11 },
    fillerColor: `${colours.one}22`, handleStyle: { color: colours.surface, borderColor: colours.muted },
    moveHandleStyle: { color: colours.faint }, emphasis: { moveHandleStyle: { color: colours.muted } },
  },
];
const pairs = (xs, ys) => xs.map((x, i) => [x, ys[i]]);
const rows = (html) => html.filter(Boolean).join('<br>');
const scaled = (a) => (a.scale === 'log' && a.low > 0 ? { type: 'log', min: a.low, max: a.high } : { type: 'value', min: a.low, max: a.high, scale: true });
const shown = (a, v) => (v === null || v === undefined ? '–' : a.labels.length ? a.labels[v] : number(v));
const objective = () => data.search.objectives[0];
const winnerValue = () => (data.search.winner ? data.search.winner.values[0] : null);

// What a trial's tooltip says.
const trial = (row) => {
  const { sample, axes, objectives } = data.search;
  return rows([
    `<b>trial ${sample.numbers[row]}</b>${sample.kinds[row] === 0 ? ', infeasible' : ''}`,
    ...objectives.map((o, i) => `${safe(o.name)} ${number(sample.values[i][row])}`),
    ...axes.slice(0, 24).map((a, i) => [a, sample.params[i][row]]).filter(([, v]) => v !== null)
      .map(([a, v]) => `${safe(a.name)} = ${safe(shown(a, v))}`),
  ]);
};

// Where the bulk of the values lies, with the better end whole.
const bounds = (values) => {
  const sorted = values.filter((v) => v !== null).sort((a, b) => a - b);
  if (!sorted.length) return {};
  const at = (share) => sorted[Math.round((sorted.length - 1) * share)];
  const up = objective().is_maximized;
  const [low, high] = up ? [at(0.02), at(1)] : [at(0), at(0.98)];
  const room = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
  return { min: low - room, max: high + room, axisLabel: { showMinLabel: false, showMaxLabel: false } };
};

const draw = {};

draw.equity = (_, narrow) => {
  const market = found(data.market);
  if (!market) return null;
  const c = market.curve;
  const areas = market.spans.map((s, i) => [
    { xAxis: s.from, name: s.name, itemStyle: { color: i % 2 ? colours.one : 'transparent', opacity: i % 2 ? 0.07 : 0 } },
    { xAxis: s.to },
  ]);
  const line = (name, xs, ys, style, at) => ({
    name, type: 'line', xAxisIndex: at, yAxisIndex: at, data: pairs(xs, ys), showSymbol: false,
    lineStyle: { width: 1.8, ...style }, itemStyle: { color: style.color }, emphasis: { disabled: true },
  });
  const series = [
    { ...line('winner', c.days, c.equity, { color: colours.one, width: 2.2 }, 0),
      markArea: { silent: true, label: { color: colours.muted, fontSize: 12, position: 'insideTop' }, data: areas } },
    line('market, held', c.days, c.hold, { color: colours.three, type: 'dotted', width: 1.6 }, 0),
    { ...line('winner', c.days, c.drawdown, { color: colours.one, width: 1 }, 1), areaStyle: { color: colours.one, opacity: 0.22 } },
  ];
  if (c.walk.length) {
    series.push(line('walk-forward, out of sample', c.walk_days, c.walk, { color: colours.two, type: [7, 4] }, 0));
    series.push(line('walk-forward, out of sample', c.walk_days, c.walk_drawdown, { color: colours.two, type: [7, 4], width: 1 }, 1));
  }
  const side = { left: 58, right: 12, outerBoundsMode: 'none' };
  return base({
    legend: legend({ data: ['winner', 'market, held', ...(c.walk.length ? ['walk-forward, out of sample'] : [])].map(plain) }),
    grid: [{ ...side, top: narrow ? 62 : 34, bottom: '40%' }, { ...side, top: '65%', bottom: 58 }],
    xAxis: [time({ gridIndex: 0, axisLabel: { show: false } }), time({ gridIndex: 1 })],
    yAxis: [
      value({ gridIndex: 0, axisLabel: { formatter: percentTick } }),
      value({ gridIndex: 1, max: 0, splitNumber: 3, axisLabel: { formatter: percentTick } }),
    ],
    axisPointer: { link: [{ xAxisIndex: 'all' }], lineStyle: { color: colours.muted } },
    dataZoom: zoom([0, 1], narrow),
    tooltip: {
      trigger: 'axis',
      formatter: (points) => rows([`<b>${day(points[0].axisValue)}</b>`, ...points.map((p) => `${safe(p.seriesName)}${p.axisIndex === 1 ? ', drawdown' : ''}: ${percent(p.value[1])}`)]),
    },
    series,
  });
};

draw.price = (_, narrow) => {
  const market = found(data.market);
  if (!market) return null;
  const { price, trades, spans } = market;
  const of = (side) => trades.entry_times.map((t, i) => [t, trades.entry_prices[i], i]).filter((p) => trades.is_long[p[2]] === side);
  const held = trades.entry_times.flatMap((t, i) => [[t, trades.entry_prices[i]], [trades.exit_times[i], trades.exit_prices[i]], [trades.exit_times[i], null]]);
  const exits = trades.exit_times.map((t, i) => [t, trades.exit_prices[i], i]);
  const about = (p) => {
    const i = p.value[2];
    return rows([
      `<b>${trades.is_long[i] ? 'long' : 'short'}</b>, ${number(trades.pnl[i])}`,
      `in ${minute(trades.entry_times[i])} at ${number(trades.entry_prices[i])}`,
      `out ${minute(trades.exit_times[i])} at ${number(trades.exit_prices[i])}`,
      safe(trades.reasons[i].replace(/_/g, ' ')),
    ]);
  };
  const mark = (name, symbol, points, colour, more) => ({
    name, type: 'scatter', symbol, symbolSize: trades.total > 150 ? 7 : 9, data: points, z: 5,
    itemStyle: { color: colour, borderColor: colours.surface, borderWidth: 0.8, ...more }, tooltip: { formatter: about },
  });
  return base({
    legend: legend({ data: ['price', 'long entry', 'short entry', 'exit'].filter((n) => (n !== 'long entry' || of(1).length) && (n !== 'short entry' || of(0).length)) }),
    grid: { left: 58, right: 12, top: 34, bottom: 58 },
    xAxis: time({}),
    yAxis: value({}),
    dataZoom: zoom([0], narrow),
    tooltip: { trigger: 'item' },
    series: [
      {
        name: 'price', type: 'candlestick', large: true, largeThreshold: 1500, progressive: 0, data: price.times.map((t, i) => [t, ...price.candles[i]]),
        itemStyle: { color: colours.surface, borderColor: colours.three, color0: colours.three, borderColor0: colours.three },
        tooltip: { formatter: (p) => rows([`<b>${minute(p.value[0])}</b>`, `open ${number(p.value[1])}, close ${number(p.value[2])}`, `low ${number(p.value[3])}, high ${number(p.value[4])}`]) },
        markLine: {
          silent: true, symbol: 'none', lineStyle: { color: colours.muted, type: 'dashed' },
          label: { formatter: '{b}', color: colours.muted, position: 'insideEndTop' },
          data: spans.slice(1).map((s) => ({ name: s.name, xAxis: s.from })),
        },
      },
      { type: 'line', data: held, showSymbol: false, silent: true, lineStyle: { color: colours.one, width: 1, opacity: 0.6 }, z: 4 },
      mark('long entry', 'triangle', of(1), colours.one),
      mark('short entry', 'path://M0 0 L10 0 L5 9 Z', of(0), colours.two),
      { ...mark('exit', 'circle', exits, colours.surface, { borderColor: colours.ink, borderWidth: 1.2 }), symbolSize: trades.total > 150 ? 4 : 7, z: 4 },
    ],
  });
};

draw.history = () => {
  const { sample, best, winner } = data.search;
  const of = (test) => sample.numbers.map((n, i) => [n, sample.values[0][i], i]).filter((p) => test(sample.kinds[p[2]]));
  const end = sample.numbers.length ? sample.numbers[sample.numbers.length - 1] : 0;
  const line = best.length ? [...best, [Math.max(end, data.search.trials - 1), best[best.length - 1][1]]] : [];
  const feasible = of((k) => k > 0);
  const infeasible = of((k) => k === 0);
  return base({
    legend: legend({ data: [...(feasible.length ? ['feasible'] : []), ...(infeasible.length ? ['infeasible'] : []), ...(line.length ? [plain('best so far')] : [])] }),
    grid: { left: 58, right: 14, top: 34, bottom: 44 },
    xAxis: value({ name: 'trial', nameLocation: 'middle', nameGap: 26, min: 0, max: Math.max(end, data.search.trials - 1), splitLine: { show: false } }),
    yAxis: value(bounds(feasible.map((p) => p[1]))),
    tooltip: { trigger: 'item', formatter: (p) => (p.value.length > 2 ? trial(p.value[2]) : `best so far ${number(p.value[1])}`) },
    series: [
      { name: 'infeasible', type: 'scatter', symbol: 'path://M0 1 L1 0 L5 4 L9 0 L10 1 L6 5 L10 9 L9 10 L5 6 L1 10 L0 9 L4 5 Z', symbolSize: 5, data: infeasible, itemStyle: { color: colours.three, opacity: 0.5 }, clip: true },
      { name: 'feasible', type: 'scatter', symbolSize: 5, data: feasible, itemStyle: { color: colours.one, opacity: 0.5 }, clip: true },
      { name: 'best so far', type: 'line', step: 'end', data: line, showSymbol: false, lineStyle: { color: colours.two, width: 2 }, itemStyle: { color: colours.two } },
      { type: 'scatter', symbol: 'circle', symbolSize: 13, silent: true, data: winner ? [[winner.number, winner.values[0]]] : [], itemStyle: { color: 'transparent', borderColor: colours.ink, borderWidth: 2 } },
    ],
  });
};

draw.distribution = (index) => {
  const h = data.search.histograms[index];
  if (!h) return null;
  const { winner, objectives } = data.search;
  const marks = winner ? [{ name: 'winner', xAxis: winner.values[index], lineStyle: { color: colours.ink, width: 2, type: 'solid' } }] : [];
  if (winner && index === 0 && winner.median !== null) marks.push({ name: 'median', xAxis: winner.median, lineStyle: { color: colours.muted, type: 'dashed' } });
  const middle = h.low + (h.width * h.counts.length) / 2;
  return base({
    grid: { left: 58, right: 20, top: 26, bottom: 44 },
    xAxis: value({ name: objectives[index].name, nameLocation: 'middle', nameGap: 26, min: h.low, max: h.low + h.width * h.counts.length, splitLine: { show: false }, axisLabel: { showMinLabel: false, showMaxLabel: false } }),
    yAxis: value({ scale: false }),
    tooltip: { trigger: 'item', formatter: (p) => `${number(h.low + h.width * p.dataIndex)} to ${number(h.low + h.width * (p.dataIndex + 1))}: ${p.value[1]} trials` },
    series: [{
      type: 'bar', barWidth: '99%', data: h.counts.map((n, i) => [h.low + h.width * (i + 0.5), n]), itemStyle: { color: colours.one, opacity: 0.75 },
      markLine: { symbol: 'none', silent: true, data: marks.map((m) => ({ ...m, label: { formatter: '{b}', color: colours.ink, position: 'end', align: m.xAxis > middle ? 'right' : 'left' } })) },
    }],
  });
};

draw.importance = (_, narrow) => {
  const shares = found(data.search.importance);
  if (!shares) return null;
  const top = shares.slice(0, 20).reverse();
  return base({
    grid: { left: 4, right: 52, top: 4, bottom: 8, containLabel: true },
    xAxis: value({ scale: false, axisLabel: { show: false }, splitLine: { show: false } }),
    yAxis: category({ data: top.map((s) => s[0]), axisLabel: { color: colours.ink, fontSize: 13, width: narrow ? 120 : 240, overflow: 'truncate' } }),
    tooltip: { trigger: 'item', formatter: (p) => `${safe(p.name)}: ${percent(p.value)}` },
    series: [{
      type: 'bar', barMaxWidth: 18, data: top.map((s) => s[1]), itemStyle: { color: colours.one },
      label: { show: true, position: 'right', color: colours.ink, formatter: (p) => percent(p.value) },
    }],
  });
};

draw.slice = (index) => {
  const { sample, axes, winner } = data.search;
  const a = axes[index];
  if (!a) return null;
  const points = sample.numbers.map((_, i) => [sample.params[index][i], sample.values[0][i], i]).filter((p) => p[0] !== null && p[1] !== null && sample.kinds[p[2]] > 0);
  const isChoice = a.scale === 'choice';
  // Choices are spread a little, so that dots do not hide each other.
  const spread = (p) => (isChoice ? [p[0] + (((p[2] * 7919) % 97) / 97 - 0.5) * 0.5, p[1], p[2]] : p);
  const x = isChoice
    ? value({ min: -0.5, max: a.labels.length - 0.5, interval: 1, scale: false, splitLine: { show: false }, axisLabel: { show: false } })
    : value({ ...scaled(a), splitLine: { show: false }, splitNumber: 4 });
  const series = [
    { type: 'scatter', symbolSize: 4, data: points.map(spread), itemStyle: { color: colours.one, opacity: 0.4 }, clip: true, cursor: 'default' },
    { type: 'scatter', symbolSize: 12, silent: true, data: winner && winner.params[index] !== null ? [[winner.params[index], winner.values[0]]] : [], itemStyle: { color: 'transparent', borderColor: colours.ink, borderWidth: 2 } },
  ];
  if (isChoice) {
    series.push({
      type: 'scatter', silent: true, symbolSize: 0.01, data: a.labels.map((_, i) => [i, bounds(points.map((p) => p[1])).min]),
      label: { show: true, position: 'bottom', distance: 6, color: colours.muted, fontSize: 12, formatter: (p) => a.labels[p.dataIndex] }, clip: false,
    });
  }
  return base({
    grid: { left: 48, right: 10, top: 8, bottom: 26 },
    xAxis: x,
    yAxis: value({ splitNumber: 3, ...bounds(points.map((p) => p[1])) }),
    tooltip: { trigger: 'item', formatter: (p) => trial(p.value[2]) },
    series,
  });
};

// Cells are marks of a scatter: those of a heat map are on a canvas of their own, which paper loses.
draw.map = (_, narrow, element) => {
  const map = found(data.search.map);
  if (!map) return null;
  const { axes, winner } = data.search;
  const [x, y] = [axes[map.x], axes[map.y]];
  const means = map.cells.map((c) => c[2]).sort((a, b) => a - b);
  const at = (share) => means[Math.round((means.length - 1) * share)];
  const up = objective().is_maximized;
  const cell = [(element.clientWidth - 76) / map.xs.length + 0.5, (element.clientHeight - 102) / map.ys.length + 0.5];
  const rough = (a, v) => (a.labels.length ? shown(a, v) : number(Number(v.toPrecision(3))));
  const nearest = (middles, a, v) => {
    const place = (w) => (a.scale === 'log' ? Math.log(w) : w);
    return middles.reduce((best, m, i) => (Math.abs(place(m) - place(v)) < Math.abs(place(middles[best]) - place(v)) ? i : best), 0);
  };
  const ring = winner && winner.params[map.x] !== null && winner.params[map.y] !== null
    ? [[nearest(map.xs, x, winner.params[map.x]), nearest(map.ys, y, winner.params[map.y])]] : [];
  return base({
    grid: { left: 62, right: 14, top: 10, bottom: 92, outerBoundsMode: 'none' },
    xAxis: category({ data: map.xs.map((v) => rough(x, v)), name: x.name, nameLocation: 'middle', nameGap: 26 }),
    yAxis: category({ data: map.ys.map((v) => rough(y, v)), name: y.name, nameLocation: 'middle', nameGap: 46 }),
    visualMap: {
      min: at(up ? 0.1 : 0), max: at(up ? 1 : 0.9), dimension: 2, seriesIndex: 0, calculable: false, orient: 'horizontal', left: 'center', bottom: 0,
      itemHeight: 140, itemWidth: 10, text: up ? [`better ${number(at(1))}`, number(at(0.1))] : [number(at(0.9)), `better ${number(at(0))}`],
      textStyle: { color: colours.muted }, inRange: { color: up ? [colours.low, colours.high] : [colours.high, colours.low] },
    },
    tooltip: { trigger: 'item', formatter: (p) => (p.value.length < 4 ? 'the winner' : rows([`${safe(x.name)} ${safe(shown(x, map.xs[p.value[0]]))}, ${safe(y.name)} ${safe(shown(y, map.ys[p.value[1]]))}`, `mean ${number(p.value[2])}, best ${number(p.value[3])}`, `${p.value[4]} trials`])) },
    series: [
      { type: 'scatter', symbol: 'rect', symbolSize: cell, data: map.cells, itemStyle: { opacity: 1 }, emphasis: { scale: false, itemStyle: { borderColor: colours.ink, borderWidth: 1 } } },
      { type: 'scatter', symbol: 'circle', symbolSize: 16, z: 5, data: ring, itemStyle: { color: 'transparent', borderColor: colours.two, borderWidth: 3 } },
    ],
  });
};

draw.parallel = (_, narrow) => {
  const { sample, axes, winner, objectives } = data.search;
  const order = (found(data.search.importance) || []).map((s) => axes.findIndex((a) => a.name === s[0])).filter((i) => i >= 0);
  axes.forEach((_a, i) => order.includes(i) || order.push(i));
  const picked = order.slice(0, narrow ? 4 : 12);
  const feasible = sample.numbers.map((_n, i) => i).filter((i) => sample.kinds[i] > 0);
  const score = (i) => (objective().is_maximized ? sample.values[0][i] : -sample.values[0][i]);
  const ranked = [...feasible].sort((a, b) => score(b) - score(a));
  const good = new Set(ranked.slice(0, Math.max(1, Math.round(ranked.length / 10))));
  const step = Math.max(1, Math.floor(feasible.length / 220));
  const rest = feasible.filter((i, k) => !good.has(i) && k % step === 0);
  const row = (i) => [...picked.map((a) => sample.params[a][i]), sample.values[0][i]].map((v) => (v === null ? '-' : v));
  const ends = bounds(feasible.map((i) => sample.values[0][i]));
  const lines = (list, colour, width, opacity) => ({ type: 'parallel', progressive: 0, smooth: false, data: list.map(row), lineStyle: { color: colour, width, opacity }, silent: true });
  const label = { color: colours.muted, fontSize: 11 };
  const dims = picked.map((at, dim) => {
    const a = axes[at];
    const shape = a.labels.length ? { type: 'value', min: 0, max: Math.max(1, a.labels.length - 1), interval: 1, axisLabel: { ...label, formatter: (v) => a.labels[v] ?? '' } } : { ...scaled(a), axisLabel: { ...label, formatter: number } };
    return { dim, name: a.name, ...shape };
  });
  dims.push({ dim: picked.length, name: objectives[0].name, type: 'value', min: ends.min, max: ends.max, axisLabel: { ...label, formatter: number, showMinLabel: false, showMaxLabel: false } });
  const best = winner ? [{ value: [...picked.map((a) => winner.params[a]), winner.values[0]].map((v) => (v === null ? '-' : v)) }] : [];
  return base({
    tooltip: null,
    parallel: { left: 30, right: 48, top: 40, bottom: 18, parallelAxisDefault: { nameTextStyle: { color: colours.ink, fontSize: 12, overflow: 'truncate', width: 90 }, nameGap: 14, nameTruncate: { maxWidth: 90 }, axisLine: { lineStyle: { color: colours.faint } }, axisTick: { show: false }, splitNumber: 4, areaSelectStyle: { width: 0 } } },
    parallelAxis: dims,
    series: [
      lines(rest, colours.three, 0.7, 0.22),
      lines([...good].slice(0, 80), colours.one, 1, 0.5),
      { type: 'parallel', data: best, lineStyle: { color: colours.two, width: 3, opacity: 1 }, silent: true },
    ],
  });
};

draw.front = () => {
  const { sample, objectives, winner } = data.search;
  const of = (test) => sample.numbers.map((_n, i) => [sample.values[0][i], sample.values[1][i], i]).filter((p) => test(sample.kinds[p[2]]));
  const members = of((k) => k === 2).sort((a, b) => a[0] - b[0]);
  return base({
    legend: legend({ data: ['front', 'other feasible'] }),
    grid: { left: 66, right: 16, top: 34, bottom: 46 },
    xAxis: value({ name: objectives[0].name, nameLocation: 'middle', nameGap: 28 }),
    yAxis: value({ name: objectives[1].name, nameLocation: 'middle', nameGap: 50 }),
    tooltip: { trigger: 'item', formatter: (p) => trial(p.value[2]) },
    series: [
      { name: 'other feasible', type: 'scatter', symbolSize: 5, data: of((k) => k === 1), itemStyle: { color: colours.three, opacity: 0.5 } },
      { name: 'front', type: 'scatter', symbol: 'diamond', symbolSize: 10, data: members, itemStyle: { color: colours.one } },
      { type: 'scatter', symbolSize: 17, silent: true, data: winner ? [[winner.values[0], winner.values[1]]] : [], itemStyle: { color: 'transparent', borderColor: colours.ink, borderWidth: 2 } },
    ],
  });
};

draw.folds = () => {
  const judged = found(data.judged);
  const walk = judged && found(judged.walk);
  if (!walk) return null;
  const bar = (name, values, colour, decal) => ({ name, type: 'bar', barMaxWidth: 30, data: values, itemStyle: { color: colour, decal } });
  return base({
    legend: legend({ data: ['in sample', 'out of sample'] }),
    aria: { enabled: true, label: { enabled: false }, decal: { show: true } },
    grid: { left: 48, right: 12, top: 34, bottom: 30 },
    xAxis: category({ data: walk.folds.map((f) => f.from), axisLabel: { color: colours.muted, fontSize: 12, hideOverlap: true } }),
    yAxis: value({ scale: false }),
    tooltip: { trigger: 'axis', axisPointer: { type: 'none' }, formatter: (ps) => { const f = walk.folds[ps[0].dataIndex]; return rows([`<b>${f.from} to ${f.to}</b>`, `Sharpe in sample ${number(f.inside)}, out of sample ${number(f.outside)}`, `return ${percent(f.total_return)}, ${f.trades} trades`, safe(f.params)]); } },
    series: [
      bar('in sample', walk.folds.map((f) => f.inside), colours.faint, { symbol: 'none' }),
      bar('out of sample', walk.folds.map((f) => f.outside), colours.two, { symbol: 'rect', symbolSize: 1, dashArrayX: [1, 0], dashArrayY: [3, 4], rotation: -0.8, color: colours.surface }),
    ],
  });
};

draw.paths = () => {
  const judged = found(data.judged);
  const paths = judged && found(judged.paths);
  if (!paths) return null;
  return base({
    grid: { left: 48, right: 12, top: 14, bottom: 30 },
    xAxis: category({ data: paths.sharpes.map((_s, i) => `path ${i + 1}`) }),
    yAxis: value({ scale: false }),
    tooltip: { trigger: 'item', formatter: (p) => `path ${p.dataIndex + 1}: ${number(p.value)}` },
    series: [{ type: 'bar', barMaxWidth: 42, data: paths.sharpes, itemStyle: { color: colours.one }, label: { show: true, position: 'top', color: colours.ink, formatter: (p) => number(p.value) } }],
  });
};

draw.fan = () => {
  const judged = found(data.judged);
  const fan = judged && found(judged.fan);
  if (!fan) return null;
  const [low, quarter, middle, upper, high] = fan.lines;
  const band = (name, from, to, opacity, stack) => [
    { type: 'line', stack, data: pairs(fan.days, from), stackStrategy: 'all', showSymbol: false, silent: true, lineStyle: { opacity: 0 } },
    { name, type: 'line', stack, stackStrategy: 'all', data: fan.days.map((d, i) => [d, to[i] - from[i]]), showSymbol: false, silent: true, lineStyle: { opacity: 0 }, itemStyle: { color: colours.one, opacity }, areaStyle: { color: colours.one, opacity } },
  ];
  return base({
    legend: legend({ data: [plain('median'), { name: 'half of them', icon: 'rect' }, { name: 'nine in ten', icon: 'rect' }] }),
    grid: { left: 58, right: 14, top: 34, bottom: 44 },
    xAxis: value({ name: 'days', nameLocation: 'middle', nameGap: 26, splitLine: { show: false }, scale: false, max: fan.days[fan.days.length - 1] }),
    yAxis: value({ axisLabel: { formatter: percentTick } }),
    tooltip: { trigger: 'axis', formatter: (ps) => { const i = ps[0].dataIndex; return rows([`<b>after ${fan.days[i]} days</b>`, `nine in ten: ${percent(low[i])} to ${percent(high[i])}`, `half: ${percent(quarter[i])} to ${percent(upper[i])}`, `median ${percent(middle[i])}`]); } },
    series: [
      ...band('nine in ten', low, high, 0.16, 'a'),
      ...band('half of them', quarter, upper, 0.26, 'b'),
      { name: 'median', type: 'line', data: pairs(fan.days, middle), showSymbol: false, lineStyle: { color: colours.one, width: 2.2 }, itemStyle: { color: colours.one } },
      { type: 'line', data: [], markLine: { silent: true, symbol: 'none', label: { show: false }, lineStyle: { color: colours.muted, type: 'dashed' }, data: [{ yAxis: 0 }] } },
    ],
  });
};

draw.sensitivity = (_, narrow) => {
  const judged = found(data.judged);
  const moved = judged && found(judged.sensitivities);
  if (!moved) return null;
  const list = [...moved].reverse();
  const points = list.flatMap((r, i) => r.moves.filter((m) => m[1] !== null).map((m) => [m[1], i, m[0]]));
  const peak = winnerValue();
  const xs = [...points.map((p) => p[0]), peak];
  const room = (Math.max(...xs) - Math.min(...xs)) * 0.08 || 1;
  return base({
    grid: { left: 4, right: 24, top: 26, bottom: 36, containLabel: true },
    xAxis: value({ name: objective().name, nameLocation: 'middle', nameGap: 26, min: Math.min(...xs) - room, max: Math.max(...xs) + room, axisLabel: { showMinLabel: false, showMaxLabel: false } }),
    yAxis: category({ data: list.map((r) => r.name), axisLabel: { color: colours.ink, fontSize: 13, width: narrow ? 110 : 240, overflow: 'truncate', interval: 0 }, splitLine: { show: true, lineStyle: { color: colours.line, opacity: 0.6 } } }),
    tooltip: { trigger: 'item', formatter: (p) => `${safe(list[p.value[1]].name)} = ${safe(p.value[2])}: ${number(p.value[0])}` },
    series: [{
      type: 'scatter', symbolSize: 10, data: points, itemStyle: { color: colours.one, opacity: 0.85 },
      markLine: { silent: true, symbol: 'none', lineStyle: { color: colours.ink, width: 1.6, type: 'solid' }, label: { formatter: 'winner', color: colours.ink, position: 'end' }, data: peak === null ? [] : [{ xAxis: peak }] },
    }],
  });
};

draw.headroom = () => {
  const market = found(data.market);
  if (!market) return null;
  const styles = [{ color: colours.one, width: 1.8 }, { color: colours.two, width: 1.8, type: [7, 4] }];
  return base({
    legend: legend({ data: market.accounts.map((a) => plain(a.segment)) }),
    grid: { left: 58, right: 14, top: 34, bottom: 44 },
    xAxis: value({ name: 'day', nameLocation: 'middle', nameGap: 26, splitLine: { show: false }, scale: false }),
    yAxis: value({ scale: false, min: 0, max: 1, axisLabel: { formatter: percentTick } }),
    tooltip: { trigger: 'axis', formatter: (ps) => rows([`<b>day ${ps[0].value[0]}</b>`, ...ps.map((p) => `${safe(p.seriesName)}: ${percent(p.value[1])}`)]) },
    series: market.accounts.map((a, i) => ({ name: a.segment, type: 'line', showSymbol: false, data: a.headroom.map((v, d) => [d + 1, v]), lineStyle: styles[i % 2], itemStyle: { color: styles[i % 2].color } })),
  });
};
