/** The value of a JSON text, or undefined when it is none. (JSON has no `undefined`, so the answer is unambiguous.) */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // A RangeError: nested deeper than the engine goes.
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}
