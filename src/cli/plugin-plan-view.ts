import type { Plan } from "../lifecycle/index.ts";
import { plain } from "./plain.ts";
import { tableOf } from "./table.ts";

/** What an upgrade would change: first what breaks clients, each with its route; at the end what to say. */
export function planText(plan: Plan): string {
  const { plugin, from, to, routes, permissions, settings, migrations, faults } = plan;
  const [breaking, others] = [routes.filter(isBreaking), routes.filter((one) => !isBreaking(one))];
  const pending = migrations.pending.map((name) => [name, "waits for nexus plugin finalize"]);
  const ahead = migrations.ahead.map(({ name, reason }) => [
    name,
    `has run, and is not known to it: ${reason}`,
  ]);
  const sections = [
    section(
      "It cannot be started",
      faults.map((fault) => [fault]),
    ),
    section(
      "Breaks clients",
      breaking.map(({ operation, what }) => [operation, what]),
    ),
    section(
      "Routes",
      others.map(({ operation, what }) => [operation, what]),
    ),
    section("Permissions", permissions.map(worded)),
    section("Settings", settings.map(worded)),
    section("Migrations", [...ahead, ...migrations.expand.flatMap(stepsOf), ...pending]),
  ].filter(Boolean);
  const head = `${plain(plugin)} ${plain(from)} → ${plain(to)}\n`;
  const words = [
    ...(plan.breaking ? ["--allow-breaking"] : []),
    ...(plan.needs_stop ? ["--stop"] : []),
  ];
  const end = words.length
    ? `\nIt needs ${words.join(" and ")}.\n`
    : sections.length
      ? ""
      : "\nNothing that can be seen from outside changes.\n";
  return `${head}${sections.join("")}${end}`;
}

type Migration = Plan["migrations"]["expand"][number];

const isBreaking = ({ breaking }: { readonly breaking: boolean }): boolean => breaking;

function worded({ what, breaking }: { readonly what: string; readonly breaking: boolean }) {
  return [breaking ? `breaking: ${what}` : what];
}

function stepsOf({ name, statements, contract, obstacles, stoppedBy }: Migration): string[][] {
  const why = new Map(obstacles.map(({ statement, reason }) => [statement, reason]));
  return [
    ...statements.map((text) => {
      const reason = why.get(text);
      return [name, reason === undefined ? text : `not additive, it ${reason}: ${text}`];
    }),
    ...(stoppedBy === undefined ? [] : [[name, `and more that cannot be foreseen: ${stoppedBy}`]]),
    ...contract.map((text) => [name, `when it is finalized: ${text}`]),
  ];
}

function section(title: string, rows: readonly (readonly string[])[]): string {
  return rows.length ? `\n${title}\n${tableOf(rows.map((row) => ["", ...row.map(plain)]))}` : "";
}
