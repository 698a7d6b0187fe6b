/** The steps of a message at which a test lets its process die, in order. */
export const crashSteps = ['queued', 'sending', 'calling', 'called', 'settling', 'settled'] as const;

/** One of {@link crashSteps}. */
export type CrashStep = (typeof crashSteps)[number];
