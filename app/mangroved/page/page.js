// SPDX-License-Identifier: BSD-3-Clause
// Asks for the figures each second, makes rates of their differences, and shows them.
'use strict';

const SPAN = 300, ASK_MS = 1000, STALE_S = 5, HOT = 8, REST = 'the rest';
const METRICS = {
  queries: 'mangrove_queries_total', replies: 'mangrove_replies_total', dropped: 'mangrove_dropped_total',
  rcode: 'mangrove_replies_rcode_total', qtype: 'mangrove_queries_qtype_total',
  truncated: 'mangrove_replies_truncated_total', flags: 'mangrove_queries_flag_total',
  start: 'process_start_time_seconds',
};
const SIGNS = {serving: '✔', degraded: '▲', starting: '…', failing: '✖', empty: '…', expired: '✖'};
const MOODS = {serving: 'good', failing: 'bad', expired: 'bad'};

const $ = id => document.getElementById(id);
const sum = o => Object.values(o).reduce((a, b) => a + b, 0);
const whole = n => Math.round(n).toLocaleString('en-US');
const rate = n => n < 99.95 && n !== Math.floor(n) ? n.toFixed(1) : whole(n);
const share = (part, all) => all > 0 ? (100 * part / all).toFixed(part && part / all < 0.1 ? 1 : 0) + '%' : '0%';

let last = null;         // the newest counters
let points = [];         // rates, at most SPAN seconds of them
let kept = [];           // counters of sizes, as long
let heat = null;         // {names, gap, rates} of the zone that is shown
let heatBefore = null;
let chosen = null;       // place on the strip
let places = [];
let heardAt = 0;         // performance.now() of the last answer
let ahead = 0;           // seconds by which the server's clock is before ours

// ---- figures ----

/** Counters of a metric by its labels' values. */
function table(metrics, name) {
  const all = {};
  for (const {labels, value, sum: octets} of metrics[name] || [])
    all[Object.values(labels).join(' ')] = value === undefined ? octets : value;
  return all;
}

function read(stats) {
  const metrics = Object.fromEntries(stats.metrics.map(m => [m.name, m.values]));
  const now = {at: stats.at, sizes: {}};
  for (const key in METRICS) now[key] = table(metrics, METRICS[key]);
  now.octetsIn = sum(table(metrics, 'mangrove_query_size_bytes'));
  now.octetsOut = sum(table(metrics, 'mangrove_reply_size_bytes'));
  for (const {labels, buckets} of metrics.mangrove_reply_size_bytes || []) now.sizes[labels.transport] = buckets;
  return now;
}

const started = figures => sum(figures.start);

function difference(now, before, seconds) {
  const all = {};
  for (const key in now) all[key] = Math.max(now[key] - (before[key] || 0), 0) / seconds;
  return all;
}

function pointOf(now, before) {
  const seconds = now.at - before.at, p = {at: now.at, seconds};
  for (const key in METRICS) p[key] = difference(now[key], before[key], seconds);
  p.volume = {queries: sum(p.queries), replies: sum(p.replies), dropped: sum(p.dropped)};
  p.bitsIn = 8 * Math.max(now.octetsIn - before.octetsIn, 0) / seconds;
  p.bitsOut = 8 * Math.max(now.octetsOut - before.octetsOut, 0) / seconds;
  return p;
}

/** The names that were seen most, and the rest as one. */
function leaders(key, most) {
  const all = {};
  for (const p of points) for (const name in p[key]) all[name] = (all[name] || 0) + p[key][name];
  delete all[REST];
  const names = Object.keys(all).filter(n => all[n] > 0).sort((a, b) => all[b] - all[a] || (a < b ? -1 : 1));
  if (names.length <= most) return names;
  const shown = names.slice(0, most - 1), rest = names.slice(most - 1);
  for (const p of points) p[key][REST] = rest.reduce((total, n) => total + (p[key][n] || 0), 0);
  return [...shown, REST];
}

// ---- what is shown ----

function stateShow(element, state, words) {
  element.textContent = `${SIGNS[state] || '?'} ${words || state}`;
  element.className = `${element.classList.contains('state') ? 'state ' : ''}${MOODS[state] || 'warn'}`;
}

function span(seconds) {
  const units = [['y', 31536000], ['d', 86400], ['h', 3600], ['min', 60], ['s', 1]];
  const s = Math.max(Math.floor(seconds), 0), i = Math.max(units.findIndex(u => s >= u[1]), 0);
  if (s < 60) return `${s} s`;
  const rest = i < 3 ? Math.floor(s % units[i][1] / units[i + 1][1]) : 0;
  return `${Math.floor(s / units[i][1])} ${units[i][0]}` + (rest ? ` ${rest} ${units[i + 1][0]}` : '');
}

function add(parent, name, text, className) {
  const e = document.createElement(name);
  e.textContent = text;
  if (className) e.className = className;
  parent.appendChild(e);
  return e;
}

function zoneShow(zone, at) {
  const box = document.createElement('div');
  box.className = 'zone';
  const line = add(box, 'p', '');
  add(line, 'strong', `zone ${zone.zone} `);
  stateShow(add(line, 'span', ''), zone.state);
  if (zone.serial !== null) {
    add(line, 'span', ', serial ');
    add(line, 'span', zone.serial, 'serial');
  }
  const times = [];
  if (zone.taken_at) times.push(`age ${span(at - zone.taken_at)}`);
  if (zone.refreshed_at) times.push(`refreshed ${span(at - zone.refreshed_at)} ago`);
  for (const [key, word] of [['expires_at', 'expires'], ['signatures_expire_at', 'signatures end']])
    if (zone[key]) times.push(zone[key] >= at ? `${word} in ${span(zone[key] - at)}` : `${word} PAST ${span(at - zone[key])}`);
  add(box, 'p', times.join(', '), 'hint');
  if (zone.activity) add(box, 'p', `${zone.activity} …`, 'hint');
  return box;
}

function statusShow({status, health, zones, at}) {
  $('identity').textContent = status.identity || 'Mangrove';
  document.title = `${SIGNS[status.state] || '?'} ${status.identity} – Mangrove`;
  stateShow($('state'), status.state);
  $('about').textContent = `Mangrove ${status.version}, up ${span(at - status.started_at)}, ${status.addresses.join(' ')}`;
  $('families').textContent = '';
  for (const [name, f] of Object.entries(health.families)) {
    const e = add($('families'), 'span', '');
    stateShow(e, f.state, `${name === 'ipv4' ? 'IPv4' : 'IPv6'} ${f.state}`);
    add($('families'), 'span', (f.announced === null ? '' : f.announced ? ', announced' : ', not announced') +
      (f.drained ? ', drained' : '') + '   ');
  }
  $('reasons').textContent = '';
  for (const r of health.reasons)
    add($('reasons'), 'li', `${r.state}: ${r.kind}${r.subject ? ', ' + r.subject : ''}: ${r.evidence}`, MOODS[r.state] || 'warn');
  $('zones').replaceChildren(...zones.map(z => zoneShow(z, at)));
}

function totalsShow(now) {
  for (const key of ['queries', 'replies', 'dropped']) $(`${key}-total`).textContent = whole(sum(now[key]));
}

function ratesShow(p) {
  for (const key in p.volume) $(`${key}-rate`).textContent = rate(p.volume[key]);
  $('bits-in').textContent = charts.short(p.bitsIn);
  $('bits-out').textContent = charts.short(p.bitsOut);
  const q = p.volume.queries;
  $('ways').textContent = Object.entries(p.queries).map(([way, r]) => `${way.replace('ip', 'IP').replace('udp', 'UDP')
    .replace('tcp', 'TCP')} ${share(r, q)}`).join(', ') + `; DO ${share(p.flags.do || 0, q)}, ` +
    `TC=1 ${share(sum(p.truncated), p.volume.replies)}, valid cookie ${share(p.flags.cookie_valid || 0, q)}`;
}

/** Whole minutes that there is something of. */
function known(now) {
  return points.length ? Math.min(Math.max(Math.ceil((now - points[0].at) / 60), 1) * 60, SPAN) : 60;
}

function seriesShow(now) {
  const reach = known(now);
  const newest = points.at(-1);
  const value = (key, n) => newest ? rate(newest[key][n] || 0) + '/s' : '';
  const volume = ['queries', 'replies', 'dropped'];
  charts.lines($('rate'), points, 'volume', volume, reach, now);
  charts.key($('rate-key'), volume.map(n => [n, value('volume', n)]), 'line');
  for (const key of ['rcode', 'qtype']) {
    const names = leaders(key, charts.SERIES);
    charts.stack($(key), points, key, names, reach, now);
    charts.key($(`${key}-key`), names.map(n => [n, value(key, n)]), 'area');
  }
}

/** Of the last minutes; at first, of all that the server has seen. */
function sizesShow(now) {
  const before = kept[0] !== now ? kept[0] : null, step = 64;
  const groups = [];
  let bounds = [], count = 0;
  for (const [transport, buckets] of Object.entries(now.sizes)) {
    const counts = [];
    bounds = [];
    buckets.forEach(([bound, n], i) => {
      const c = n - (before ? before.sizes[transport]?.[i]?.[1] || 0 : 0);
      // classes of 16 octets are too narrow to be seen; those above 1,536 are rare
      const place = bound === null || bound >= 1536 ? 1536 / step : Math.floor(bound / step);
      counts[place] = (counts[place] || 0) + c;
      bounds[place] = bound === null || place === 1536 / step ? null : (place + 1) * step - 1;
    });
    count += counts.reduce((a, b) => a + b, 0);
    groups.push({name: transport.toUpperCase(), counts});
  }
  charts.bars($('sizes'), bounds, groups, step);
  charts.key($('sizes-key'), groups.map(g => [g.name, whole(g.counts.reduce((a, b) => a + b, 0))]), 'area');
  $('sizes-text').textContent = `${whole(count)} replies ${before ? `in ${span(now.at - before.at)}` : 'since the start'}, ` +
    `by DNS octets in steps of ${step}, in per cent of each transport.`;
}

// ---- heat ----

function placeText(place) {
  if (!heat || !place) return 'Point at the strip, or go along it with ← and →.';
  const next = heat.names[place.end] === undefined ? 'the end' : heat.names[place.end];
  const count = place.end - place.first;
  return `${heat.names[place.first]} to ${next}: ${rate(place.value)}/s in ${count} range${count > 1 ? 's' : ''}`;
}

function heatShow() {
  if (!heat) return;
  places = charts.strip($('heat'), heat.names, heat.rates, chosen);
  $('heat-at').textContent = placeText(chosen === null ? null : places[chosen]);
  const order = heat.names.map((_, i) => i).filter(i => heat.gap[i] > 0)
    .sort((a, b) => heat.rates[b] - heat.rates[a] || heat.gap[b] - heat.gap[a] || a - b).slice(0, HOT);
  $('hottest').tBodies[0].replaceChildren(...order.map(i => {
    const row = document.createElement('tr');
    add(row, 'td', heat.names[i]);
    add(row, 'td', heat.names[i + 1] ?? 'the end');
    add(row, 'td', rate(heat.rates[i]), 'n');
    add(row, 'td', whole(heat.gap[i]), 'n');
    return row;
  }));
}

function heatRead(reply) {
  const select = $('zone'), names = reply.zones.map(z => z.zone);
  if ([...select.options].map(o => o.value).join() !== names.join())
    select.replaceChildren(...names.map(n => new Option(n, n)));
  const zone = reply.zones.find(z => z.zone === select.value) || reply.zones[0];
  const before = heatBefore?.zones.find(z => z.zone === zone?.zone);
  const seconds = heatBefore ? reply.at - heatBefore.at : 0;
  if (!zone || (before && seconds <= 0)) return;
  let k = 0;
  heat = {names: zone.names, gap: zone.gap, rates: zone.gap.map((n, i) => {
    // names only come, and keep their order: what is not there yet was not counted
    const was = before && before.names[k] === zone.names[i] ? before.gap[k++] : 0;
    return before ? Math.max(n - was, 0) / seconds : 0;
  })};
  heatBefore = reply;
  heatShow();
}

function heatChoose(place) {
  chosen = place === null ? null : Math.min(Math.max(place, 0), places.length - 1);
  heatShow();
}

$('heat').addEventListener('pointermove', e => heatChoose(Math.floor(e.offsetX / $('heat').clientWidth * places.length)));
$('heat').addEventListener('pointerdown', e => heatChoose(Math.floor(e.offsetX / $('heat').clientWidth * places.length)));
$('heat').addEventListener('keydown', e => {
  const step = {ArrowLeft: -1, ArrowRight: 1}[e.key];
  if (!step) return;
  e.preventDefault();
  heatChoose((chosen ?? (step > 0 ? -1 : places.length)) + step);
});
$('zone').addEventListener('change', () => { heatBefore = null; chosen = null; });

// ---- the turn of a second ----

async function ask(path) {
  const reply = await fetch(path, {cache: 'no-store', signal: AbortSignal.timeout(4000)});
  if (!reply.ok) throw new Error(`${path}: ${reply.status}`);
  return reply.json();
}

function statsTake(stats) {
  const now = read(stats);
  // another process counts from zero: nothing is known of the time between
  const restarted = last && started(now) !== started(last);
  if (restarted) { kept = []; heatBefore = null; }
  if (last && now.at <= last.at && !restarted) return;
  if (last && !restarted) points.push(pointOf(now, last));
  last = now;
  points = points.filter(p => p.at > now.at - SPAN);
  kept.push(now);
  kept = kept.filter(k => k.at > now.at - SPAN);
  ahead = now.at - Date.now() / 1000;
  totalsShow(now);
  if (points.length && !restarted) ratesShow(points.at(-1));
  sizesShow(now);
}

function staleShow() {
  const seconds = (performance.now() - heardAt) / 1000;
  const stale = seconds > STALE_S;
  $('stale').hidden = !stale;
  if (stale)
    $('stale').textContent = heardAt ? `✖ No answer from the server for ${span(seconds)}: what is below is old.`
      : '✖ The server does not answer.';
}

async function turn() {
  const begun = performance.now();
  try {
    const [stats, status, hot] = await Promise.all(['stats.json', 'status.json', 'heat.json'].map(ask));
    heardAt = performance.now();
    statusShow(status);
    statsTake(stats);
    heatRead(hot);
  } catch (error) {
    // told by the banner; the next turn tries again
    console.info(String(error));
  }
  staleShow();
  seriesShow(Date.now() / 1000 + ahead);
  setTimeout(turn, Math.max(ASK_MS - (performance.now() - begun), 200));
}

addEventListener('resize', () => { heatShow(); if (last) { sizesShow(last); seriesShow(Date.now() / 1000 + ahead); } });
turn();
