export interface ChartColumn {
  readonly name: string;
  readonly title: string;
}

/** One bar a column. */
export interface ChartRow {
  readonly name: string;
  readonly ratios: readonly number[];
  /** Stands out from the others. */
  readonly isOurs: boolean;
}

const labels = 118;
const column = 172;
const gap = 22;
const row = 26;
const top = 90;
const bar = 14;

/**
 * Draws bars of what each peer reaches of the reference, as an SVG that reads well on white and on
 * black pages, and needs nothing from elsewhere.
 */
export function chart(columns: readonly ChartColumn[], rows: readonly ChartRow[]): string {
  const most = Math.max(1, ...rows.flatMap(({ ratios }) => ratios));
  // The number stands behind its bar.
  const scale = (column - gap - 30) / most;
  const width = labels + columns.length * column;
  const height = top + rows.length * row + 14;
  const drawn = [
    `<text class="title" x="0" y="18">Requests a second, raw node:http = 1</text>`,
    ...columns.map((one, at) => head(one, at, scale, height)),
    ...rows.flatMap((one, at) => rowOf(one, top + at * row, scale)),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${summary(columns, rows)}">
<style>${style}</style>
${drawn.join("\n")}
</svg>
`;
}

const style = `
text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328; }
.title { font-size: 15px; font-weight: 600; }
.head { font-weight: 600; }
.number { font-size: 12px; font-variant-numeric: tabular-nums; fill: #59636e; }
.bar { fill: #afb8c1; }
.ours { fill: #0969da; }
.label.ours, .number.ours { fill: #0550ae; font-weight: 600; }
.one { stroke: #d1d9e0; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .number { fill: #9198a1; }
  .bar { fill: #535b65; }
  .bar.ours { fill: #4493f8; }
  .label.ours, .number.ours { fill: #79b8ff; }
  .one { stroke: #3d444d; }
}
`;

function head({ name, title }: ChartColumn, at: number, scale: number, height: number): string {
  const x = startOf(at);
  const one = fixed(x + scale);
  return `<text class="head" x="${x}" y="${top - 34}">${name}</text><text class="number" x="${x}" y="${top - 18}">${title}</text><line class="one" x1="${one}" y1="${top - 8}" x2="${one}" y2="${height - 8}"/>`;
}

function rowOf({ name, ratios, isOurs }: ChartRow, y: number, scale: number): string[] {
  const ours = isOurs ? " ours" : "";
  const base = y + bar - 3;
  return [
    `<text class="label${ours}" x="0" y="${base}">${name}</text>`,
    ...ratios.map((ratio, at) => {
      const [x, length] = [startOf(at), ratio * scale];
      return `<rect class="bar${ours}" x="${x}" y="${y}" width="${fixed(length)}" height="${bar}" rx="2"/><text class="number${ours}" x="${fixed(x + length + 5)}" y="${base}">${ratio.toFixed(2)}</text>`;
    }),
  ];
}

function summary(columns: readonly ChartColumn[], rows: readonly ChartRow[]): string {
  const lines = rows.map(({ name, ratios }) => {
    const numbers = ratios.map((ratio, at) => `${columns[at]!.name} ${ratio.toFixed(2)}`);
    return `${name}: ${numbers.join(", ")}`;
  });
  return `Requests a second against raw node:http. ${lines.join("; ")}`;
}

const startOf = (at: number): number => labels + at * column;
const fixed = (value: number): string => value.toFixed(1);
