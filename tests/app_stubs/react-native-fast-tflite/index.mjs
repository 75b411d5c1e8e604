// A stub, not the real thing: the package's interface, with LiteRT.js behind it, for Node.
import { loadAndCompile, loadLiteRt, Tensor } from '@litertjs/core';
import { wasm } from './node.mjs';

export async function loadTensorflowModel(source) {
  await loadLiteRt(wasm);
  const model = await loadAndCompile(source.url, { accelerator: 'wasm' });
  const told = (each) => ({ name: each.name, dataType: each.dtype, shape: [...each.shape] });
  const inputs = model.getInputDetails().map(told);
  return {
    delegates: [],
    inputs,
    outputs: model.getOutputDetails().map(told),
    async run(buffers) {
      const tensors = buffers.map(
        (buffer, place) => new Tensor(new Float32Array(buffer), inputs[place].shape),
      );
      const results = await model.run(tensors);
      return Promise.all(results.map(async (each) => Float32Array.from(await each.data()).buffer));
    },
  };
}
