"""Losses for data/golden/losses.json: written from their papers for tools/golden.py, which describes the file and runs
this. Gradients are autograd's."""
import math

import torch
import torch.nn.functional as F
from torch.distributions import Laplace, Normal

from golden import described, digest, rounded, values

POINTS, EYE_CORNERS = 7, (1, 5)
FACES = 6


def weights_of(d):
    """The described values, 0 where they are below it."""
    return values(d).clamp(min=0)


def finish(case, loss, outputs):
    loss.backward()
    case["value"] = rounded(loss)
    case["gradients"] = {name: digest(tensor.grad) for name, tensor in outputs.items()}
    return case


def mean(terms, weights):
    return (weights * terms).sum() / weights.sum()


# --- losses of any values --------------------------------------------------------------------------------------------

def wing(x, w, epsilon):
    """Feng et al. 2018, equation 5."""
    c = w - w * math.log(1 + w / epsilon)
    return torch.where(x.abs() < w, w * torch.log(1 + x.abs() / epsilon), x.abs() - c)


def soft_wing(x, w1, w2, epsilon):
    """Lin et al. 2021, equation 4."""
    b = w1 - w2 * math.log(1 + w1 / epsilon)
    return torch.where(x.abs() < w1, x.abs(), w2 * torch.log(1 + x.abs() / epsilon) + b)


VALUE_LOSSES = {
    "l2": ({}, lambda y, t: F.mse_loss(y, t, reduction="none")),
    "l1": ({}, lambda y, t: F.l1_loss(y, t, reduction="none")),
    "smooth-l1": ({"beta": 0.0625}, lambda y, t, beta: F.smooth_l1_loss(y, t, reduction="none", beta=beta)),
    "wing": ({"w": 0.078125, "epsilon": 0.015625}, lambda y, t, **o: wing(y - t, **o)),
    "soft-wing": ({"w1": 0.015625, "w2": 0.15625, "epsilon": 0.00390625}, lambda y, t, **o: soft_wing(y - t, **o)),
}


def value_case(name, weighted):
    options, terms = VALUE_LOSSES[name]
    # Errors lie on both sides of every bend, and none on one.
    case = {"loss": name, "batch": FACES, **options, "output": described([FACES, 14], 1, 0.1, 0.5),
            "truth": described([FACES, 14], 2, 0.1, 0.5)}
    y, weights = values(case["output"]).requires_grad_(), torch.ones(FACES, 14)
    if weighted:
        case["weights"] = described([FACES, 14], 3, 1.0, 0.6)
        weights = weights_of(case["weights"])
    return finish(case, mean(terms(y, values(case["truth"]), **options), weights), {"output": y})


def cross_entropy_case():
    """The truth is the softmax of what is described."""
    case = {"loss": "cross-entropy", "batch": FACES, "output": described([FACES, 5], 1, 3.0),
            "truth": described([FACES, 5], 2, 2.0)}
    y = values(case["output"]).requires_grad_()
    return finish(case, F.cross_entropy(y, torch.softmax(values(case["truth"]), dim=1)), {"output": y})


# --- losses of faces -------------------------------------------------------------------------------------------------

def face_case(name, truth_scale, seed, **more):
    """Faces of POINTS points; the output is the truth and an error. With a small scale the eye corners of some are
    nearer to each other than 0.05."""
    case = {"loss": name, "batch": FACES, "points": POINTS, "eye_corners": EYE_CORNERS, **more,
            "error": described([FACES, 2 * POINTS], seed, 0.02),
            "truth": described([FACES, 2 * POINTS], seed + 1, truth_scale, 0.5),
            "weights": described([FACES, 2 * POINTS], seed + 2, 1.0, 0.8)}
    truth = values(case["truth"])
    return case, (truth + values(case["error"])).requires_grad_(), truth, weights_of(case["weights"])


def corners_known(weights):
    return torch.stack([(weights.reshape(-1, POINTS, 2)[:, c] > 0).all(dim=1) for c in EYE_CORNERS]).all(dim=0)


def inter_ocular(truth):
    points = truth.reshape(-1, POINTS, 2)
    return (points[:, EYE_CORNERS[0]] - points[:, EYE_CORNERS[1]]).norm(dim=1)


def likelihood_case(name, truth_scale, log_scales):
    """Kendall & Gal 2017: -log of the density, less what does not depend on points or scales. The mean of |e| is
    exp(s) / 20 under either law; errors are in units of the eyes' distance, which is 0.05 at least."""
    case, y, truth, weights = face_case(name, truth_scale, 11)
    case["scales"] = described([FACES, POINTS], 14, log_scales, -1.0)
    scales = values(case["scales"]).requires_grad_()
    expected = (torch.exp(scales.clamp(-6, 3)) / 20).repeat_interleave(2, dim=1)
    e = (y - truth) / inter_ocular(truth).clamp(min=0.05)[:, None]
    if name == "laplace":
        terms = -Laplace(0.0, expected).log_prob(e) + math.log(20) - math.log(2)
    else:
        terms = -Normal(0.0, expected * math.sqrt(math.pi / 2)).log_prob(e) + math.log(20) - math.log(math.pi)
    counted = weights * corners_known(weights)[:, None]
    return finish(case, mean(terms, counted), {"output": y, "scales": scales})


def nme_case():
    case, y, truth, weights = face_case("nme", 0.3, 21)
    far = (y - truth).reshape(FACES, POINTS, 2).norm(dim=2) / inter_ocular(truth)[:, None]
    counted = weights.reshape(FACES, POINTS, 2).amin(dim=2) * corners_known(weights)[:, None]
    return finish(case, mean(far, counted), {"output": y})


def face_case_of_odds():
    """log odds of a face; a sample whose weights are all 0 shows none."""
    case = {"loss": "face", "batch": 8, "points": 1, "output": described([8], 31, 4.0),
            "weights": described([8, 2], 32, 1.0)}
    z = values(case["output"]).requires_grad_()
    is_face = (weights_of(case["weights"]) > 0).any(dim=1).to(z.dtype)
    return finish(case, F.binary_cross_entropy_with_logits(z, is_face), {"output": z})


def divergence_case(height, width, sigma):
    """Nibali et al. 2018, section 3.3: the Jensen-Shannon divergence from a Gaussian around the true point, normalised
    over the map's pixels, whose centres are at 0.5, 1.5, ... Points outside the map do not count."""
    batch, points = 3, 4
    case = {"loss": "heatmaps", "batch": batch, "points": points, "height": height, "width": width, "sigma": sigma,
            "output": described([batch, height, width, points], 41, 4.0),
            "truth": described([batch, 2 * points], 42, 0.55, 0.5),
            "weights": described([batch, 2 * points], 43, 1.0, 0.8)}
    maps = values(case["output"]).requires_grad_()
    truth = values(case["truth"]).reshape(batch, points, 2)
    weights = weights_of(case["weights"]).reshape(batch, points, 2).amin(dim=2)
    counted = weights * ((truth >= 0) & (truth <= 1)).all(dim=2)
    p = torch.softmax(maps.permute(0, 3, 1, 2).reshape(batch, points, -1), dim=2)
    dx = (torch.arange(width) + 0.5)[None, None, None, :] - (truth[..., 0] * width)[..., None, None]
    dy = (torch.arange(height) + 0.5)[None, None, :, None] - (truth[..., 1] * height)[..., None, None]
    q = torch.softmax((-(dx**2 + dy**2) / (2 * sigma**2)).reshape(batch, points, -1), dim=2)
    m = (p + q) / 2

    def divergence(a):
        return (torch.xlogy(a, a) - a * torch.log(m)).sum(dim=2)
    return finish(case, mean((divergence(p) + divergence(q)) / 2, counted), {"output": maps})


# --- the detector's loss ---------------------------------------------------------------------------------------------

def focal(z, is_face, share, focus):
    """Lin et al. 2017, equation 5."""
    p = torch.sigmoid(z)
    p_true = torch.where(is_face, p, 1 - p)
    alpha = torch.where(is_face, torch.tensor(share), torch.tensor(1 - share))
    return -alpha * (1 - p_true) ** focus * torch.log(p_true)


def corners(logs):
    """x0, y0, x1, y1 of boxes around 0 that are given by the logs of the distances to their edges."""
    d = torch.exp(logs.clamp(-5, 5))
    return -d[:, 0], -d[:, 1], d[:, 2], d[:, 3]


def generalised_iou(a, b):
    """Rezatofighi et al. 2019, algorithm 1."""
    def area(x0, y0, x1, y1):
        return (x1 - x0).clamp(min=0) * (y1 - y0).clamp(min=0)
    shared = area(torch.maximum(a[0], b[0]), torch.maximum(a[1], b[1]), torch.minimum(a[2], b[2]),
                  torch.minimum(a[3], b[3]))
    union = area(*a) + area(*b) - shared
    hull = area(torch.minimum(a[0], b[0]), torch.minimum(a[1], b[1]), torch.maximum(a[2], b[2]),
                torch.maximum(a[3], b[3]))
    return shared / union - (hull - union) / hull


def detection_case(output_scale, truth_scale, **options):
    """Three outputs of 4 x 4, 2 x 2 and 1 cells of 9 values. The truth of a cell's first value is 1 where the described
    one is above 0, else 0. A cell's weights: the first is 1 where the described one is above 0, else 0; the others are
    that where there is a face, else 0."""
    batch, cells = 3, [16, 4, 1]
    case = {"loss": "detection", "batch": batch, **options,
            "output": [described([batch, n, 9], 51 + i, output_scale) for i, n in enumerate(cells)],
            "truth": described([batch, sum(cells), 9], 54, truth_scale),
            "weights": described([batch, sum(cells)], 55, 1.0, 0.4)}
    outputs = [values(d).requires_grad_() for d in case["output"]]
    y = torch.cat(outputs, dim=1).reshape(-1, 9)
    t = values(case["truth"]).reshape(-1, 9)
    asked = values(case["weights"]).reshape(-1) > 0
    is_face = t[:, 0] > 0
    sum_of_odds = focal(y[:, 0], is_face, options["share"], options["focus"])[asked].sum()
    at = asked & is_face
    box, true_box = corners(y[at, 1:5]), corners(t[at, 1:5])
    side = torch.maximum(true_box[2] - true_box[0], true_box[3] - true_box[1])
    e = (y[at, 5:] - t[at, 5:]) / side[:, None]
    eyes = (F.smooth_l1_loss(e, torch.zeros_like(e), reduction="none", beta=0.05) + 0.025).mean(dim=1)
    total = sum_of_odds + options["box"] * (1 - generalised_iou(box, true_box)).sum() + options["eyes"] * eyes.sum()
    return finish(case, total / max(1, int(at.sum())), dict(zip(("cells8", "cells16", "cells32"), outputs)))


def losses():
    cases = [value_case(name, weighted) for name in VALUE_LOSSES for weighted in (False, True)]
    cases += [cross_entropy_case(), nme_case(), face_case_of_odds()]
    cases += [likelihood_case(name, *scale) for name in ("laplace", "gaussian")
              for scale in ((0.3, 5.5), (0.03, 1.5))]  # the first has some beyond -6 and 3, where scales end
    cases += [divergence_case(9, 7, 1.0), divergence_case(16, 16, 0.6)]
    cases += [detection_case(5.5, 1.5, share=0.5, focus=2.0, box=1.0, eyes=1.0),
              detection_case(0.5, 0.5, share=0.25, focus=1.5, box=2.0, eyes=0.7)]
    return cases
