// The Eigen reference of every layer in the list `Layer`.
#pragma once
#include "lineament/reference/activations.hpp"
#include "lineament/reference/add.hpp"
#include "lineament/reference/avg_pool.hpp"
#include "lineament/reference/batch_norm.hpp"
#include "lineament/reference/concat.hpp"
#include "lineament/reference/conv2d.hpp"
#include "lineament/reference/dense.hpp"
#include "lineament/reference/dropout.hpp"
#include "lineament/reference/flatten.hpp"
#include "lineament/reference/global_avg_pool.hpp"
#include "lineament/reference/max_pool.hpp"
#include "lineament/reference/prelu.hpp"
