/** What Linux says of a process. */

/** Of `/proc/<pid>/stat`, in milliseconds: a tick is a hundredth of a second on every Linux. */
export function cpuOf(stat: string): number {
  // The name, in parentheses, may have spaces.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Of `/proc/<pid>/status`, in MiB. */
export function memoryOf(status: string): number {
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}
