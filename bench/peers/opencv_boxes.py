#!/usr/bin/python3
"""Boxes that OpenCV's detectors find (Debian: python3-opencv, opencv-data), as rows "photo,x,y,width,height" for
box_factors: opencv_boxes.py CASCADE.xml PHOTOS.xml, or opencv_boxes.py NETWORK.onnx PHOTOS.xml for a network with the
input and output of Ultra-Light-Fast-Generic-Face-Detector-1MB (RGB, 320 x 240; boxes as shares of the picture)."""
import os
import sys
import xml.etree.ElementTree

import cv2
import numpy

SCORE, OVERLAP = 0.7, 0.3  # what the network's own demo asks for


def by_cascade(path):
    cascade = cv2.CascadeClassifier(path)
    if cascade.empty():
        sys.exit(f"{path}: no cascade of OpenCV")
    return lambda photo: cascade.detectMultiScale(cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY), 1.1, 3, minSize=(20, 20))


def by_network(path):
    network = cv2.dnn.readNetFromONNX(path)

    def find(photo):
        height, width = photo.shape[:2]
        network.setInput(cv2.dnn.blobFromImage(photo, 1 / 128, (320, 240), (127, 127, 127), swapRB=True))
        shares, scores = (out[0] for out in network.forward(["boxes", "scores"]))
        corners = shares * [width, height, width, height]
        boxes = numpy.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
        kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores[:, 1].tolist(), SCORE, OVERLAP)
        return boxes[numpy.array(kept, dtype=int).ravel()]

    return find


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    detector, photos = sys.argv[1:]
    find = by_network(detector) if detector.endswith(".onnx") else by_cascade(detector)
    print("photo,x,y,width,height")
    for image in xml.etree.ElementTree.parse(photos).iter("image"):
        photo = cv2.imread(os.path.join(os.path.dirname(photos), image.get("file")))
        for box in find(photo):
            print(",".join([image.get("file"), *(f"{value:.7g}" for value in box)]))


if __name__ == "__main__":
    main()
