/**
 * A copy of a latin-1 text that shares nothing with the message it was cut from. The engine makes a slice a view of its
 * whole parent; what is kept for minutes would hold on to every message it came in.
 */
export const detach = (text: string): string => Buffer.from(text, 'latin1').toString('latin1')
