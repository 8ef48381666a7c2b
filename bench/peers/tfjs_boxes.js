// Boxes of detectors that npm packages ship, as rows "photo,x,y,width,height" for box_factors:
// node tfjs_boxes.js blazeface|ssd_mobilenet|tiny_face PHOTOS.xml
// blazeface is the network of 256 x 256 input in @vladmandic/human 3.3.6, decoded here, since that package enlarges its
// boxes; the others are as @vladmandic/face-api 1.7.15 gives them. Needs these two, @tensorflow/tfjs,
// @tensorflow/tfjs-backend-wasm and jpeg-js, installed in the folder that it runs in.
'use strict';
const fs = require('fs');
const path = require('path');
const {createRequire} = require('module');

const need = createRequire(path.join(process.cwd(), 'here.js'));
const tf = need('@tensorflow/tfjs');
const jpeg = need('jpeg-js');

const kScore = 0.5, kOverlap = 0.3;

/** height x width x 3, 0 to 255. */
function readPhoto(file) {
  const {width, height, data} = jpeg.decode(fs.readFileSync(file), {useTArray: true});
  return tf.tidy(() => tf.tensor3d(data, [height, width, 4], 'int32').slice([0, 0, 0], [-1, -1, 3]));
}

function graphFrom(file) {
  const model = JSON.parse(fs.readFileSync(file));
  const manifest = model.weightsManifest[0];
  const bytes = Buffer.concat(manifest.paths.map((name) => fs.readFileSync(path.join(path.dirname(file), name))));
  return tf.loadGraphModel(tf.io.fromMemory({
    modelTopology: model.modelTopology, weightSpecs: manifest.weights,
    weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)}));
}

/** Centres of the anchors: two a cell of 16 pixels, then six a cell of 32. */
function anchors(size) {
  const centres = [];
  for (const [stride, count] of [[size / 16, 2], [size / 8, 6]])
    for (let y = 0; y < size / stride; ++y)
      for (let x = 0; x < size / stride; ++x)
        for (let n = 0; n < count; ++n) centres.push([stride * (x + 0.5), stride * (y + 0.5)]);
  return centres;
}

/** The network's place and size for each anchor whose score is enough: [score, left, top, width, height] of the input. */
function decode(outputs, size) {
  const values = outputs.map((o) => o.dataSync());
  const from = (count, columns) => values[outputs.findIndex((o) => o.size === count * columns)];
  const found = [];
  let first = 0;
  for (const count of [512, 384]) {
    const logits = from(count, 1), places = from(count, 16);
    for (let i = 0; i < count; ++i) {
      const score = 1 / (1 + Math.exp(-logits[i]));
      if (score < kScore) continue;
      const [x, y, width, height] = places.subarray(16 * i, 16 * i + 4), [ax, ay] = anchors(size)[first + i];
      found.push([score, ax + x - width / 2, ay + y - height / 2, width, height]);
    }
    first += count;
  }
  return found;
}

async function blazeface() {
  const file = path.resolve('node_modules/@vladmandic/human/models/blazeface.json');
  const graph = await graphFrom(file), size = graph.inputs[0].shape[1];
  return async (photo) => {
    const [height, width] = photo.shape, side = Math.max(width, height);
    const left = (side - width) >> 1, top = (side - height) >> 1;
    const outputs = tf.tidy(() => {
      const square = photo.toFloat().pad([[top, side - height - top], [left, side - width - left], [0, 0]]);
      return graph.execute(square.expandDims(0).resizeBilinear([size, size]).div(127.5).sub(1));
    });
    const found = decode(outputs, size);
    tf.dispose(outputs);
    if (found.length === 0) return [];
    const corners = found.map(([, x, y, w, h]) => [y, x, y + h, x + w]);
    const kept = await tf.image.nonMaxSuppressionAsync(corners, found.map((f) => f[0]), 100, kOverlap);
    const unit = side / size;
    return Array.from(kept.dataSync()).map((i) => {
      const [, x, y, w, h] = found[i];
      return [x * unit - left, y * unit - top, w * unit, h * unit];
    });
  };
}

async function faceApi(what) {
  const api = need('@vladmandic/face-api/dist/face-api.node-wasm.js');
  await api.tf.setBackend('wasm');
  await api.tf.ready();
  const folder = path.resolve('node_modules/@vladmandic/face-api/model');
  const net = what === 'tiny_face' ? api.nets.tinyFaceDetector : api.nets.ssdMobilenetv1;
  await net.loadFromDisk(folder);
  const options = what === 'tiny_face' ? new api.TinyFaceDetectorOptions({inputSize: 416, scoreThreshold: kScore}) :
                                         new api.SsdMobilenetv1Options({minConfidence: kScore});
  return async (photo) => {
    const found = await api.detectAllFaces(photo, options);
    return found.map(({box}) => [box.x, box.y, box.width, box.height]);
  };
}

async function main() {
  const [what, xml] = process.argv.slice(2);
  if (!['blazeface', 'ssd_mobilenet', 'tiny_face'].includes(what) || !xml)
    throw new Error('node tfjs_boxes.js blazeface|ssd_mobilenet|tiny_face PHOTOS.xml');
  need('@tensorflow/tfjs-backend-wasm');
  await tf.setBackend('wasm');
  await tf.ready();
  const find = what === 'blazeface' ? await blazeface() : await faceApi(what);
  console.log('photo,x,y,width,height');
  for (const [, file] of fs.readFileSync(xml, 'utf8').matchAll(/<image file='([^']+)'/g)) {
    const photo = readPhoto(path.join(path.dirname(xml), file));
    for (const box of await find(photo)) console.log([file, ...box.map((v) => v.toPrecision(7))].join(','));
    photo.dispose();
  }
}

main().catch((e) => {
  console.error(e.message);
  process.exitCode = 1;
});
