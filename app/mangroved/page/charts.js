// SPDX-License-Identifier: BSD-3-Clause
// Charts of plain SVG: lines, stacked areas, bars, the strip of heat. What a colour says, a dash, a
// pattern or a height says too.
'use strict';

const charts = (() => {
  const NS = 'http://www.w3.org/2000/svg';
  const MARGIN = {left: 46, right: 8, top: 8, bottom: 20};
  const DASHES = ['', '7 3', '2 3', '10 3 2 3'];
  // one for each colour: nothing, lines of four directions, dots, a grid
  const PATTERNS = ['', 'M0 8L8 0M-2 2L2 -2M6 10L10 6', 'M0 4H8', 'M4 0V8', 'M0 0L8 8M6 -2L10 2M-2 6L2 10', 'dots',
    'M0 4H8M4 0V8'];
  const VIRIDIS = ['#440154', '#482878', '#3e4989', '#31688e', '#26828e', '#1f9e89', '#35b779', '#6ece58', '#b5de2b',
    '#fde725'];

  function element(name, attributes, parent, text) {
    const e = document.createElementNS(NS, name);
    for (const key in attributes) e.setAttribute(key, attributes[key]);
    if (text !== undefined) e.textContent = text;
    if (parent) parent.appendChild(e);
    return e;
  }

  /** A number in few characters. */
  function short(n) {
    for (const [size, unit] of [[1e12, ' T'], [1e9, ' G'], [1e6, ' M'], [1e4, ' k']])
      if (n >= size) return +(n / (unit === ' k' ? 1e3 : size)).toPrecision(3) + unit;
    return n >= 100 || n === Math.floor(n) ? Math.round(n).toLocaleString('en-US') : n.toFixed(1);
  }

  /** A round number that is not below n. */
  function ceiling(n) {
    if (n <= 0) return 1;
    const power = 10 ** Math.floor(Math.log10(n));
    return [1, 2, 5, 10].find(step => step * power >= n) * power;
  }

  function patterns(svg) {
    const defs = element('defs', {}, svg);
    PATTERNS.forEach((path, i) => {
      const p = element('pattern', {id: `${svg.id || 'key'}-p${i}`, width: 8, height: 8,
        patternUnits: 'userSpaceOnUse', class: `s${i}`}, defs);
      element('rect', {width: 8, height: 8, class: 'fill'}, p);
      if (path === 'dots') element('circle', {cx: 4, cy: 4, r: 1.8, class: 'dots'}, p);
      else if (path) element('path', {d: path, class: 'ink'}, p);
    });
  }

  function begin(svg, most, unit) {
    const width = Math.max(svg.clientWidth, 100), height = Math.max(svg.clientHeight, 50);
    svg.textContent = '';
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    const box = {x: MARGIN.left, y: MARGIN.top, w: width - MARGIN.left - MARGIN.right,
      h: height - MARGIN.top - MARGIN.bottom, most: ceiling(most)};
    for (let i = 0; i <= 2; i++) {
      const y = box.y + box.h * (1 - i / 2);
      element('line', {x1: box.x, x2: box.x + box.w, y1: y, y2: y, class: 'grid'}, svg);
      element('text', {x: box.x - 4, y: y + 4, 'text-anchor': 'end'}, svg, short(box.most * i / 2) + (unit || ''));
    }
    return box;
  }

  /** Seconds along the bottom; where there is nothing to tell, it is grey. */
  function times(svg, box, points, span, now) {
    const at = t => box.x + box.w * (1 - (now - t) / span);
    for (let s = 0; s < span; s += 60)
      element('text', {x: at(now - s), y: box.y + box.h + 15, 'text-anchor': s ? 'middle' : 'end'}, svg,
        s ? `−${s / 60} min` : 'now');
    let before = now - span;
    for (const p of [...points, {at: now, seconds: 0}]) {
      const from = p.at - p.seconds;
      if (from - before > 1.5)
        element('rect', {x: at(before), y: box.y, width: Math.max(at(from) - at(before), 0), height: box.h, class: 'gap'}, svg);
      before = p.at;
    }
    return at;
  }

  const fits = (points, span, now) => points.filter(p => p.at - p.seconds >= now - span);

  /** Runs of points without a gap between. */
  function runs(points) {
    const all = [];
    for (const p of points) {
      const last = all.at(-1)?.at(-1);
      if (last && p.at - p.seconds - last.at < 1.5) all.at(-1).push(p);
      else all.push([p]);
    }
    return all;
  }

  /** names: of values in each point's `key`. */
  function lines(svg, points, key, names, span, now) {
    const shown = fits(points, span, now);
    const box = begin(svg, Math.max(0, ...shown.flatMap(p => names.map(n => p[key][n] || 0))));
    const at = times(svg, box, shown, span, now);
    names.forEach((name, i) => {
      for (const run of runs(shown)) {
        // a lone point is as long as its time
        const d = run.map((p, k) => {
          const y = (box.y + box.h * (1 - (p[key][name] || 0) / box.most)).toFixed(1);
          return (k ? 'L' : `M${at(p.at - p.seconds).toFixed(1)} ${y}L`) + at(p.at).toFixed(1) + ' ' + y;
        }).join('');
        element('path', {d, class: `stroke s${i}`, 'stroke-dasharray': DASHES[i % DASHES.length]}, svg);
      }
    });
  }

  function stack(svg, points, key, names, span, now) {
    const shown = fits(points, span, now);
    const sum = (p, count) => names.slice(0, count).reduce((all, n) => all + (p[key][n] || 0), 0);
    const box = begin(svg, Math.max(0, ...shown.map(p => sum(p, names.length))));
    const at = times(svg, box, shown, span, now);
    const y = v => (box.y + box.h * (1 - v / box.most)).toFixed(1);
    patterns(svg);
    names.forEach((name, i) => {
      for (const run of runs(shown)) {
        const edge = count => run.flatMap(p => [[at(p.at - p.seconds), y(sum(p, count))], [at(p.at), y(sum(p, count))]]);
        const d = 'M' + [...edge(i + 1), ...edge(i).reverse()].map(c => c[0].toFixed(1) + ' ' + c[1]).join('L') + 'Z';
        element('path', {d, fill: `url(#${svg.id}-p${i})`, class: 'edge-area'}, svg);
        element('path', {d: 'M' + edge(i + 1).map(c => c[0].toFixed(1) + ' ' + c[1]).join('L'), class: 'edge'}, svg);
      }
    });
  }

  /** groups: [{name, counts}], side by side in classes that end at bounds[i]; null: without an end. */
  function bars(svg, bounds, groups, step) {
    const total = groups.map(g => g.counts.reduce((a, b) => a + b, 0));
    const shares = groups.map((g, k) => g.counts.map(c => total[k] ? 100 * c / total[k] : 0));
    const box = begin(svg, Math.max(1, ...shares.flat()), '%');
    const slot = box.w / bounds.length, width = Math.max(slot / groups.length - 1, 1);
    patterns(svg);
    bounds.forEach((bound, i) => {
      if (i % Math.ceil(bounds.length * 44 / box.w) === 0)
        element('text', {x: box.x + slot * i, y: box.y + box.h + 15}, svg, bound === null ? 'more' : `${bound + 1 - step}`);
      groups.forEach((g, k) => {
        const h = box.h * shares[k][i] / box.most;
        if (h > 0)
          element('rect', {x: box.x + slot * i + k * (width + 1), y: box.y + box.h - Math.max(h, 1), width,
            height: Math.max(h, 1), fill: `url(#${svg.id}-p${k})`}, svg);
      });
    });
  }

  /** values by name; as many places as fit, each the sum of its neighbourhood. @return the places */
  function strip(svg, names, values, chosen) {
    const width = Math.max(svg.clientWidth, 100), height = Math.max(svg.clientHeight, 30), axis = 16;
    const count = Math.max(1, Math.min(names.length, Math.floor(width / 3)));
    const places = Array.from({length: count}, (_, i) => {
      const first = Math.floor(i * names.length / count), end = Math.floor((i + 1) * names.length / count);
      return {first, end, value: values.slice(first, end).reduce((a, b) => a + b, 0)};
    });
    const most = Math.log1p(Math.max(0, ...places.map(p => p.value)));
    svg.textContent = '';
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    element('rect', {x: 0, y: 0, width, height: height - axis, fill: '#1c0a24'}, svg);
    places.forEach((p, i) => {
      if (p.value <= 0) return;
      const part = Math.log1p(p.value) / most, h = Math.max(part * (height - axis - 2), 3);
      element('rect', {x: (i * width / count).toFixed(1), y: (height - axis - h).toFixed(1),
        width: (width / count).toFixed(2), height: h.toFixed(1),
        fill: VIRIDIS[Math.min(9, 2 + Math.floor(part * 7.99))]}, svg);
    });
    for (let x = 0, next = 0; x < width - 60; x += 90) {
      if (x < next) continue;
      const text = names[Math.floor(x / width * names.length)];
      if (text === undefined || x + text.length * 7 > width) break;
      element('line', {x1: x, x2: x, y1: height - axis, y2: height - axis + 5, class: 'grid'}, svg);
      element('text', {x: x + 2, y: height - 3}, svg, text);
      next = x + text.length * 7;
    }
    if (chosen !== null && places[chosen])
      element('rect', {x: chosen * width / count - 1, y: 0.5, width: width / count + 2, height: height - axis - 1,
        fill: 'none', stroke: '#ffffff', 'stroke-width': 1.5}, svg);
    return places;
  }

  /** entries: [[name, value text]]; style: 'line' or 'area', as the chart has them. */
  function key(list, entries, style) {
    list.textContent = '';
    entries.forEach(([name, value], i) => {
      const li = document.createElement('li');
      const svg = element('svg', {viewBox: '0 0 26 12', 'aria-hidden': 'true', id: `${list.id}-${i}`}, li);
      if (style === 'line') {
        element('path', {d: 'M0 6H26', class: `stroke s${i}`, 'stroke-dasharray': DASHES[i % DASHES.length]}, svg);
      } else {
        patterns(svg);
        element('rect', {width: 26, height: 12, fill: `url(#${svg.id}-p${i})`}, svg);
      }
      li.append(`${name} ${value}`);
      list.appendChild(li);
    });
  }

  return {lines, stack, bars, strip, key, short, SERIES: PATTERNS.length};
})();
