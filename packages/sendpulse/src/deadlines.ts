/** One deadline for several requests: gives what is left of it. What is no duration is given on, for core to refuse. */
export function deadlines(deadlineMs: number): () => number {
  if (!(deadlineMs > 0)) return () => deadlineMs;
  const endsAt = performance.now() + deadlineMs;
  return () => Math.max(1, endsAt - performance.now());
}
