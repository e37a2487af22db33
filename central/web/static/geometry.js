/** Where everything lies on the screen: the corridor's real order, headings and lengths, with widths drawn larger. */

const BLEND = 0.5; // half true spacing, half even spacing: a short link stays readable, and is still the short one

/**
 * Places junctions and approaches.
 * @param sites layout of the centre, metres on one ground plane
 * @param size {width, height} in CSS pixels
 * @param upright main road from top to bottom (phones) instead of left to right
 * @returns junctions with {id, at, along, across} and approaches with the stop line, directions and pixel lengths
 */
export function place(sites, size, upright) {
  const pxPerM = upright ? 2.5 : Math.min(3.4, Math.max(2.2, size.height / 85)); // of road widths only
  const gap = upright ? 13 : 15; // crossing and stop line
  const length = upright ? size.height : size.width, breadth = upright ? size.width : size.height;
  const order = [...sites].sort((a, b) => a.centre_m[0] - b.centre_m[0]);
  const ends = order.flatMap((site) => site.approaches.map((a) => a.origin_m[0] - Math.sin(rad(a.heading_deg)) * a.length_m));
  const first = Math.min(...ends), last = Math.max(...ends), margin = 8;
  const junctions = order.map((site, index) => {
    const true_ = (site.centre_m[0] - first) / Math.max(1, last - first);
    const even = (index + 0.5) / order.length;
    const along = margin + (BLEND * true_ + (1 - BLEND) * even) * (length - 2 * margin);
    const widest = (main) => Math.max(6, ...site.approaches.filter((a) => isMain(a) === main).map((a) => a.width_m)) * pxPerM;
    return {
      id: site.id, site,
      at: upright ? [breadth / 2, along] : [along, breadth / 2],
      alongPx: widest(false) + gap, acrossPx: widest(true) + gap,
      roadAlong: widest(false), roadAcross: widest(true), gap,
    };
  });
  const byId = new Map(junctions.map((junction) => [junction.id, junction]));
  for (const junction of junctions) {
    junction.approaches = junction.site.approaches.map((approach) => {
      const d = direction(approach.heading_deg, upright), main = isMain(approach);
      const box = main ? junction.alongPx : junction.acrossPx;
      const from = byId.get(approach.upstream);
      const axis = upright ? 1 : 0;
      const room = main
        ? from
          ? Math.abs(junction.at[axis] - from.at[axis]) - box - from.alongPx
          : (towardsEnd(d, axis) ? junction.at[axis] : length - junction.at[axis]) - box - margin
        : breadth / 2 - box - margin;
      return {
        id: approach.id, approach, d, main,
        right: [-d[1], d[0]], // the kerb: people drive on the right
        stop: [junction.at[0] - d[0] * box, junction.at[1] - d[1] * box],
        widthPx: approach.width_m * pxPerM,
        lengthPx: Math.max(30, room),
        linked: Boolean(from),
      };
    });
  }
  return junctions;
}

const rad = (degrees) => (degrees * Math.PI) / 180;
const isMain = (approach) => Math.abs(Math.sin(rad(approach.heading_deg))) > 0.7;
const towardsEnd = (d, axis) => d[axis] > 0;

function direction(heading, upright) {
  const east = Math.sin(rad(heading)), north = Math.cos(rad(heading));
  return upright ? [north, east] : [east, -north]; // turned by a quarter: east runs down, north to the right
}

/** A point of an approach: `up` pixels upstream of the stop line, `side` pixels from the centre of the road to the kerb. */
export function point(arm, up, side) {
  return [arm.stop[0] - arm.d[0] * up + arm.right[0] * side, arm.stop[1] - arm.d[1] * up + arm.right[1] * side];
}
