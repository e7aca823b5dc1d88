// What a page must be like, looked at from inside. Returns a list of complaints.
(() => {
  const complaints = [];
  const complain = (text) => complaints.push(text);

  // Colours as red, green, blue and opacity, 0 to 1; what the browser computes may be in several notations.
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 1;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const known = new Map();
  const rgba = (colour) => {
    if (!known.has(colour)) {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
      known.set(colour, [...context.getImageData(0, 0, 1, 1).data].map((v) => v / 255));
    }
    return known.get(colour);
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));
  const luminance = (c) => c.slice(0, 3).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const background = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) layers.unshift(rgba(getComputedStyle(e).backgroundColor));
    return layers.reduce((below, layer) => over(layer, below), [1, 1, 1]);
  };
  const contrast = (element) => {
    const below = background(element);
    const text = over(rgba(getComputedStyle(element).color), below);
    const [a, b] = [luminance(text), luminance(below)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  };
  const words = (element) => [...element.childNodes].filter((n) => n.nodeType === 3).map((n) => n.textContent.trim()).join('');
  const worst = { ratio: 99, text: '' };
  for (const element of document.body.querySelectorAll('*')) {
    const text = words(element);
    if (!text || ['SCRIPT', 'STYLE'].includes(element.tagName) || !element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    const isLarge = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
    const ratio = contrast(element);
    if (ratio < worst.ratio) Object.assign(worst, { ratio, text: text.slice(0, 40) });
    if (ratio < (isLarge ? 3 : 4.5)) complain(`contrast ${ratio.toFixed(2)} of “${text.slice(0, 40)}” (${element.tagName})`);
  }

  // Charts: drawn, named, with a table.
  let drawn = 0;
  for (const chart of document.querySelectorAll('[data-chart]')) {
    const name = `${chart.dataset.chart}${chart.dataset.index ? ` ${chart.dataset.index}` : ''}`;
    if (chart.hidden) {
      complain(`chart ${name} is hidden`);
      continue;
    }
    const canvases = [...chart.querySelectorAll('canvas')];
    const colours = new Set();
    for (const c of canvases) {
      const pixels = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
      for (let i = 0; i < pixels.length; i += 4 * 7) if (pixels[i + 3]) colours.add(`${pixels[i]},${pixels[i + 1]},${pixels[i + 2]}`);
    }
    if (colours.size < 4) complain(`chart ${name} is empty: ${canvases.length} canvases, ${colours.size} colours`);
    else drawn += 1;
    if (!(chart.getAttribute('aria-label') || '').trim()) complain(`chart ${name} has no name`);
    if (!chart.closest('figure')?.querySelector('details table')) complain(`chart ${name} has no table`);
  }

  // Structure: names, headings in order, tables with captions and heads.
  if (!document.documentElement.lang) complain('the page has no language');
  if (!document.title) complain('the page has no title');
  if (document.querySelectorAll('h1').length !== 1) complain('there is not one h1');
  let level = 1;
  for (const heading of document.querySelectorAll('h1,h2,h3,h4')) {
    const now = Number(heading.tagName[1]);
    if (now > level + 1) complain(`heading “${heading.textContent}” skips a level`);
    if (!heading.textContent.trim()) complain('an empty heading');
    level = now;
  }
  for (const table of document.querySelectorAll('table')) {
    if (!table.caption?.textContent.trim()) complain('a table has no caption');
    if (!table.querySelector('th[scope=col]') || ![...table.tBodies[0].rows].every((r) => r.querySelector('th[scope=row]'))) complain(`table “${table.caption?.textContent}” has no heads`);
  }
  for (const element of document.querySelectorAll('a, button, summary, [tabindex="0"]')) {
    const name = element.getAttribute('aria-label') || element.textContent.trim();
    if (!name) complain(`a ${element.tagName} that can be reached has no name`);
    element.focus({ preventScroll: true });
    if (document.activeElement === element && element.getClientRects().length && getComputedStyle(element).outlineStyle === 'none' && element.matches(':focus-visible')) complain(`focus on “${name.slice(0, 40)}” is not seen`);
  }
  const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
  if (new Set(ids).size !== ids.length) complain('an id stands twice');
  for (const link of document.querySelectorAll('a[href^="#"]')) if (!document.getElementById(link.hash.slice(1))) complain(`link ${link.hash} leads nowhere`);

  // Nothing is cut off at the side.
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) {
    const wide = [...document.body.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > width + 1 && !e.closest('.scroll, pre, nav'));
    complain(`the page is ${document.documentElement.scrollWidth} wide on ${width}: ${wide.slice(0, 3).map((e) => `${e.tagName}.${e.className}`).join(', ')}`);
  }
  return JSON.stringify({ complaints, drawn, worst });
})();
