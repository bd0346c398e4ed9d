// The memories of all WebAssembly that is loaded after this module.

/** @type {WebAssembly.Memory[]} */
const memories = [];

/** Watches instances being made. Whether a memory is exported, imported, or called by a short name doesn't matter. */
export function watchMemories() {
  /** @param {WebAssembly.Exports | WebAssembly.ModuleImports} values */
  const note = (values) => Object.values(values).forEach((value) => {
    if (value instanceof WebAssembly.Memory && !memories.includes(value)) memories.push(value);
  });
  for (const name of /** @type {const} */ (['instantiate', 'instantiateStreaming'])) {
    /** @type {Function} */
    const original = WebAssembly[name];
    Object.defineProperty(WebAssembly, name, {
      value: async (/** @type {unknown} */ source, /** @type {WebAssembly.Imports} */ imports) => {
        const result = await original.call(WebAssembly, source, imports);
        note((result.instance ?? result).exports);
        Object.values(imports ?? {}).forEach(note);
        return result;
      },
    });
  }
}

/** How many bytes all of them have together. They never shrink: this is the peak. */
export const bytesOfMemories = () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
