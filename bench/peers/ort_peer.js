// ONNX Runtime beside this library; run by tools/compare on what torch_peer.py exports.
// node ort_peer.js infer|cold NETWORK --batch B --threads T --seconds S [--output FILE]
// infer: measures forward passes and prints one JSON object with "ms", the time of each; cold: one pass after loading.
'use strict';
const fs = require('fs');
const ort = require('onnxruntime-node');

const kWarmUp = 3, kFewest = 5;  // as program.hpp

function options(words) {
  const o = {what: words[0], network: words[1], batch: 1, threads: 1, seconds: 1};
  for (let i = 2; i + 1 < words.length; i += 2) {
    const value = Number(words[i + 1]);
    o[words[i].slice(2)] = Number.isNaN(value) ? words[i + 1] : value;
  }
  return o;
}

function firstSamples(o, sizes) {
  const bytes = Buffer.alloc(4 * sizes.reduce((a, b) => a * b));
  const file = fs.openSync(`${o.network}.nchw.bin`);
  fs.readSync(file, bytes, 0, bytes.length, 0);
  fs.closeSync(file);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

/** One output's values, [sample][height][width][channel]; ONNX has pictures channel by channel. */
function channelsLast({data, dims}) {
  if (dims.length !== 4) return data;
  const [batch, channels] = dims, pixels = dims[2] * dims[3];
  const values = new Float32Array(data.length);
  for (let b = 0; b < batch; ++b)
    for (let c = 0; c < channels; ++c)
      for (let p = 0; p < pixels; ++p)
        values[(b * pixels + p) * channels + c] = data[(b * channels + c) * pixels + p];
  return values;
}

function keepOutputs(path, outputs) {
  fs.writeFileSync(path, Buffer.concat(outputs.map((output) => {
    const {buffer, byteOffset, byteLength} = channelsLast(output);
    return Buffer.from(buffer, byteOffset, byteLength);
  })));
}

async function measure(seconds, prepare, run) {
  const times = [];
  for (let i = -kWarmUp, first = 0;; ++i) {
    prepare();
    const start = performance.now();
    if (i <= 0) first = start;
    await run();
    const end = performance.now();
    if (i >= 0) times.push(end - start);
    if (i + 1 >= kFewest && end - first >= 1e3 * seconds) return times;
  }
}

async function main() {
  const o = options(process.argv.slice(2));
  const session = await ort.InferenceSession.create(`${o.network}.b${o.batch}.onnx`, {
    executionProviders: ['cpu'],
    intraOpNumThreads: o.threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
  });
  const first = fs.readFileSync(`${o.network}.txt`, 'utf8').split(/\s+/);  // input NAME HEIGHT WIDTH CHANNELS
  const sizes = [o.batch, Number(first[4]), Number(first[2]), Number(first[3])];
  const given = firstSamples(o, sizes);
  const input = new ort.Tensor('float32', given.slice(), sizes);
  const outputs = await session.run({input});
  if (o.output) keepOutputs(o.output, session.outputNames.map((name) => outputs[name]));
  const fill = () => input.data.set(given);
  const times = o.what === 'cold' ? [] : await measure(o.seconds, fill, () => session.run({input}));
  console.log(JSON.stringify({ms: times, losses: []}));
  process.exit(0);
}

main().catch((error) => {
  console.error(String(error));
  process.exit(1);
});
