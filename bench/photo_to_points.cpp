// Question: how long does it take from a photo's bytes to the points of every face in it, and how many faces are found?
// By stage: decode, find, crop, network. Beside dlib (its HOG detector and its 68-point trees; Debian: libdlib-dev,
// libdlib-data) and OpenCV's cascades (libopencv-dev, opencv-data), where they were there when this was built.
//
// photo_to_points FACES.xml [--without FOLDER] [--smallest 40] [--rounds 3] [--model MODEL] [--detector MODEL]
// [--alone] FACES.xml: photos with points in dlib's form. --without: photos in which there is nobody.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "lineament/detector/found_face.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/crop.hpp"
#include "lineament/faces/dataset.hpp"
#include "lineament/faces/metrics.hpp"
#include "lineament/file.hpp"
#include "lineament/image/file.hpp"
#include "lineament/image/resize.hpp"
#include "lineament/landmarker/landmarker.hpp"
#include "lineament/model/default_models.hpp"
#include "peers/finders.hpp"

using namespace lineament;

namespace {

using Clock = std::chrono::steady_clock;

double seconds_of(const std::function<void()>& work) {
  const auto begin = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

struct TruePhoto {
  std::vector<std::uint8_t> bytes;
  Image image;  ///< at most 800 pixels a side
  std::vector<Landmarks> truth;
};

Image at_most_800(Image image) {
  const double scale = 800.0 / std::max(image.width(), image.height());
  if (scale >= 1) return image;
  return resize(image, std::max(1, static_cast<int>(image.width() * scale + 0.5)),
                std::max(1, static_cast<int>(image.height() * scale + 0.5)));
}

std::vector<TruePhoto> photos_of(const std::filesystem::path& xml) {
  std::map<std::filesystem::path, std::vector<Landmarks>> faces;
  const std::filesystem::path given[]{xml};
  for (const Face& face : read_datasets(given, {.part = Part::all}).faces) faces[face.image].push_back(face.points);
  std::vector<TruePhoto> photos;
  for (auto& [file, truth] : faces) photos.push_back({read_file(file), read_image(file), std::move(truth)});
  return photos;
}

std::vector<TruePhoto> photos_without(const std::filesystem::path& folder) {
  std::vector<TruePhoto> photos;
  if (folder.empty()) return photos;
  for (const std::filesystem::path& file : images_in(folder)) photos.push_back({{}, at_most_800(read_image(file)), {}});
  return photos;
}

/// Over those that got points: one that turns out to be no face has none.
struct MeanNme {
  double sum = 0;
  std::size_t faces = 0;

  void add(const Landmarks& points, const Landmarks& truth) { sum += nme(points, truth), ++faces; }
  double value() const { return sum / static_cast<double>(std::max<std::size_t>(faces, 1)); }
};

/// Found faces that lie on true ones, each of which counts once.
struct Score {
  std::size_t faces = 0, found = 0, others = 0;
  MeanNme nme;
  MeanNme nme_true_box;  ///< of the same faces, had their boxes been known
};

void judge(const TruePhoto& photo, const std::vector<FoundPoints>& found, const PeerFinder& finder, Score& score) {
  constexpr float kEnough = 0.4f;  // of boxes that come from other conventions, 0.5 is too strict
  std::vector<bool> taken(photo.truth.size(), false);
  for (const FoundPoints& face : found) {
    std::size_t best = photo.truth.size();
    float most = kEnough;
    for (std::size_t i = 0; i < photo.truth.size(); ++i)
      if (const float both = overlap(bounding_box(photo.truth[i]), face.box); !taken[i] && both > most)
        most = both, best = i;
    if (best == photo.truth.size()) {
      ++score.others;
      continue;
    }
    taken[best] = true;
    ++score.found;
    if (!face.points.empty()) score.nme.add(face.points, photo.truth[best]);
    if (!finder.any_box) continue;
    std::vector<FoundPoints> told{{bounding_box(photo.truth[best]), 1, {}, {}}};
    finder.points(photo.image, told);
    if (!told.empty()) score.nme_true_box.add(told[0].points, photo.truth[best]);
  }
  score.faces += photo.truth.size();
}

/// The fastest of all rounds for each stage, seconds for all photos; rounds of all finders take turns.
struct Timed {
  double find = 1e9, points = 1e9;
};

struct Times {
  double decode = 1e9, crops = 1e9;
  std::vector<Timed> finders;
};

void time_stages(const std::vector<TruePhoto>& photos, Times& times) {
  times.decode = std::min(times.decode, seconds_of([&] {
                            for (const TruePhoto& p : photos) decode_image(p.bytes, "photo", {});
                          }));
  std::vector<float> pixels(128 * 128 * 3);
  times.crops = std::min(times.crops, seconds_of([&] {
                           for (const TruePhoto& p : photos)
                             for (const Landmarks& face : p.truth)
                               for (int pass = 0; pass < 2; ++pass)
                                 crop(p.image, crop_to_image(bounding_box(face), {}), 128, pixels);
                         }));
}

/// The time, and how well it does: the same in each round.
Score run_finder(const std::vector<TruePhoto>& photos, const PeerFinder& finder, Timed& times) {
  double find = 0, points = 0;
  Score score;
  for (const TruePhoto& p : photos) {
    std::vector<FoundPoints> faces;
    find += seconds_of([&] { faces = finder.find(p.image); });
    if (finder.points) points += seconds_of([&] { finder.points(p.image, faces); });
    judge(p, faces, finder, score);
  }
  times = {std::min(times.find, find), std::min(times.points, points)};
  return score;
}

void print_row(const PeerFinder& finder, const Timed& times, std::size_t photos, const Score& score,
               const Score& nobody) {
  const bool points = static_cast<bool>(finder.points);
  const auto ms = [&](double seconds) { return 1e3 * seconds / static_cast<double>(photos); };
  std::printf("| %s | %.2f | ", finder.name.c_str(), ms(times.find));
  if (points)
    std::printf("%.2f | %.2f", ms(times.points), ms(times.find + times.points));
  else
    std::printf(" | ");
  std::printf(" | %.1f | %zu | %zu | ", 100.0 * static_cast<double>(score.found) / static_cast<double>(score.faces),
              score.others, nobody.others);
  if (points) std::printf("%.2f", score.nme.value());
  std::printf(" | ");
  if (finder.any_box) std::printf("%.2f ", score.nme_true_box.value());
  std::printf("|\n");
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("from the bytes of photos to the points of every face");
  std::filesystem::path xml, without;
  FinderFiles files;
  float smallest = 40;
  int rounds = 3;
  bool alone = false;
  app.add_option("XML", xml, "photos with boxes and points, in dlib's form")->required();
  app.add_option("--without", without, "folder of photos in which there is nobody");
  app.add_option("--model", files.points, "of points, in place of the library's own");
  app.add_option("--detector", files.detector, "in place of the library's own");
  app.add_option("--smallest", smallest, "of the faces looked for, pixels; 0: as FinderOptions")->capture_default_str();
  app.add_option("--rounds", rounds)->capture_default_str()->check(CLI::Range(1, 100));
  app.add_flag("--alone", alone, "without other libraries");
  CLI11_PARSE(app, argc, argv);

  const std::vector<TruePhoto> photos = photos_of(xml), others = photos_without(without);
  if (photos.empty()) throw ArgumentError({xml.string(), "it has no face", "", "", ""});
  const std::vector<PeerFinder> finders = all_finders(smallest, files, !alone);
  Times times{.finders = std::vector<Timed>(finders.size())};
  std::vector<Score> scores(finders.size());
  for (int round = 0; round < rounds; ++round) {
    time_stages(photos, times);
    for (std::size_t f = 0; f < finders.size(); ++f) scores[f] = run_finder(photos, finders[f], times.finders[f]);
  }
  const double count = static_cast<double>(photos.size());
  std::printf("%zu photos, %zu without people; one thread; ms a photo, the fastest of %d rounds\n", photos.size(),
              others.size(), rounds);
  std::printf("decode %.2f; of \"points\", crops of the true faces, twice each, take %.2f\n\n",
              1e3 * times.decode / count, 1e3 * times.crops / count);
  std::printf(
      "| | find | points | both | recall %% | other boxes | in photos without people | NME %% | with the true boxes "
      "|\n");
  std::printf("|---|---|---|---|---|---|---|---|---|\n");
  for (std::size_t f = 0; f < finders.size(); ++f) {
    Timed not_counted;
    print_row(finders[f], times.finders[f], photos.size(), scores[f], run_finder(others, finders[f], not_counted));
  }
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "photo_to_points: %s\n", e.what());
  return 1;
}
