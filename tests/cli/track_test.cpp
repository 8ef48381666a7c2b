// Films through the program: folders, Y4M and bare pixels in, JSON lines, points and films out, through pipes too.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "lineament/faces/box.hpp"
#include "lineament/faces/drawn_film.hpp"
#include "lineament/faces/metrics.hpp"
#include "lineament/faces/pts.hpp"
#include "lineament/image/file.hpp"
#include "program.hpp"

namespace lineament::test {
namespace {

using Json = nlohmann::json;

constexpr int kFrames = 30, kFilmSide = 144;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}
std::string name_of(int frame, const char* ending) {
  char name[64];
  std::snprintf(name, sizeof name, "film/frame_%06d%s", frame, ending);
  return name;
}

/// film/frame_000000.png and .pts …: a person at rest, then talking.
void make_film(const Place& place, int frames = kFrames) {
  const Outcome o = place.run({"faces", "--film", std::to_string(frames), "--fps", "10", "--size",
                               std::to_string(kFilmSide), "--seed", "4", "--out", "film"});
  INFO(o.err);
  REQUIRE(o.code == 0);
}
Landmarks truth(const Place& place, int frame) {
  return read_pts(place / name_of(frame, ".pts"));
}
/// --box and where the face is in the first frame, nearly.
Words box(const Place& place) {
  const Box b = bounding_box(truth(place, 0));
  char given[96];
  std::snprintf(given, sizeof given, "%.1f,%.1f,%.1f,%.1f", double(b.x) + 3, double(b.y), double(b.width),
                double(b.height) + 4);
  return {"--box", given};
}
Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// The frames' bytes one after the other, in the order r, g, b.
std::string raw_film(const Place& place, int frames = kFrames, bool bgr = false) {
  std::string bytes;
  for (int i = 0; i < frames; ++i) {
    Image image = read_image(place / name_of(i, ".png"));
    for (int k = 0; bgr && k < kFilmSide * kFilmSide; ++k) std::swap(image.pixels()[3 * k], image.pixels()[3 * k + 2]);
    bytes.append(image.pixels().begin(), image.pixels().end());
  }
  return bytes;
}
/// 4:4:4 by the formula of BT.601 in floating point.
std::string y4m_film(const Place& place, int frames = kFrames) {
  std::string film = "YUV4MPEG2 W144 H144 F10:1 Ip A1:1 C444 XANY\n";
  for (int i = 0; i < frames; ++i) {
    const Image image = read_image(place / name_of(i, ".png"));
    std::string planes[3];
    for (std::size_t k = 0; k < image.pixels().size(); k += 3) {
      const double r = image.pixels()[k] / 255.0, g = image.pixels()[k + 1] / 255.0, b = image.pixels()[k + 2] / 255.0;
      const double y = 0.299 * r + 0.587 * g + 0.114 * b;
      const double values[] = {16 + 219 * y, 128 + 224 * (b - y) / 1.772, 128 + 224 * (r - y) / 1.402};
      for (int p = 0; p < 3; ++p) planes[p] += static_cast<char>(static_cast<unsigned char>(std::lround(values[p])));
    }
    film += "FRAME\n" + planes[0] + planes[1] + planes[2];
  }
  return film;
}

std::vector<Json> frames_of(const std::string& lines) {
  std::vector<Json> frames;
  for (const std::string& line : lines_of(lines)) frames.push_back(Json::parse(line));
  return frames;
}
Landmarks points_of(const Json& face) {
  Landmarks points;
  for (const Json& p : face.at("points")) points.push_back({p.at(0).get<float>(), p.at(1).get<float>()});
  return points;
}
/// One face, always number 1, always near the truth.
void require_followed(const Place& place, const std::vector<Json>& frames, std::size_t count = kFrames) {
  REQUIRE(frames.size() == count);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    CHECK(frames[i].at("frame") == i);
    CHECK(frames[i].at("seconds").get<double>() == Approx(static_cast<double>(i) / 10));
    REQUIRE(frames[i].at("faces").size() == 1);
    const Json& face = frames[i].at("faces")[0];
    CHECK(face.at("id") == 1);
    CHECK(face.at("score").get<double>() > 0.5);
    CHECK(face.at("spread").size() == kPoints);
    CHECK(nme(points_of(face), truth(place, static_cast<int>(i))) < 6);
  }
}

/// Through a shell, in the place's folder, where $LINEAMENT is the program.
Outcome shell(const Place& place, const std::string& command) {
  const std::string all = "cd '" + place.path().string() + "' && LINEAMENT='" + LINEAMENT_PROGRAM_PATH + "' && { " +
                          command + "; } > .shell_out 2> .shell_err";
  const int status = std::system(all.c_str());
  Outcome o;
  o.code = status == -1 ? -1 : (status >> 8) & 255;
  o.out = place.read(".shell_out");
  o.err = place.read(".shell_err");
  return o;
}
std::string words_of(const Words& words) {
  std::string line;
  for (const std::string& word : words) line += " " + word;
  return line;
}

}  // namespace

TEST_CASE("a folder of frames gives a line of JSON, points and a picture for each") {
  const Place place;
  make_film(place);
  const Outcome o = place.run(
      with({"track", "film", "--fps", "10", "--json", "out/points.jsonl", "--pts", "pts", "--overlay", "pictures"},
           box(place)));
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK(o.out.empty());
  CHECK(contains(o.err, "model: compact"));
  CHECK(contains(o.err, "30 frames, 1 face, "));
  const std::vector<Json> frames = frames_of(place.read("out/points.jsonl"));
  require_followed(place, frames);
  CHECK(frames[7].at("name") == "frame_000007");
  REQUIRE(place.list("pts").size() == kFrames);
  REQUIRE(place.list("pictures").size() == kFrames);
  const Landmarks written = read_pts(place / "pts/frame_000007_1.pts"), said = points_of(frames[7].at("faces")[0]);
  for (std::size_t k = 0; k < kPoints; ++k) CHECK(distance(written[k], said[k]) < 2e-3f);
  const Image before = read_image(place / name_of(7, ".png")), drawn = read_image(place / "pictures/frame_000007.png");
  CHECK(before.at(2, 2) == drawn.at(2, 2));
  const auto at = [&](const Image& image) {
    return image.at(static_cast<int>(std::lround(said[30].x)), static_cast<int>(std::lround(said[30].y)));
  };
  CHECK_FALSE(at(before) == at(drawn));

  // Files of its own are written over; with other points where nothing is smoothed.
  REQUIRE(
      place.run(with({"track", "film", "--fps", "10", "--json", "out/points.jsonl", "--no-smooth"}, box(place))).code ==
      0);
  const std::vector<Json> plain = frames_of(place.read("out/points.jsonl"));
  require_followed(place, plain);
  CHECK(plain[0].at("faces") == frames[0].at("faces"));
  CHECK(plain[9].at("faces") != frames[9].at("faces"));
  // Named, the model is the same; another one is another; printed where nothing else is asked for.
  const Outcome tiny = place.run(with({"track", "tiny", "film", "--fps", "10", "--precision", "int8"}, box(place)));
  CHECK(frames_of(tiny.out).size() == kFrames);
  CHECK(frames_of(tiny.out)[0].at("faces") != frames[0].at("faces"));
}

TEST_CASE("faces --film writes the frames of draw_film_frame and their points") {
  const Place place;
  const Outcome o =
      place.run({"faces", "--film", "3", "--size", "64", "--seed", "9", "--fps", "2", "--noise", "5", "--out", "film"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK(place.list("film").size() == 6);
  FilmOptions film;
  film.size = 64;
  film.fps = 2;
  film.noise = 5;
  for (int i = 0; i < 3; ++i) {
    const DrawnFilmFrame wanted = draw_film_frame(9, static_cast<std::uint64_t>(i), film);
    const Image image = read_image(place / name_of(i, ".png"));
    CHECK(std::equal(image.pixels().begin(), image.pixels().end(), wanted.image.pixels().begin(),
                     wanted.image.pixels().end()));
    CHECK(truth(place, i) == wanted.points);
  }
  require_refused(place.run({"faces", "--film", "3", "--sheet", "a.png"}), {"--sheet", "folder"});
  require_refused(place.run({"faces", "--film", "0"}), {"--film"});
}

TEST_CASE("bare pixels and Y4M give what the pictures give, from a file and from a pipe") {
  const Place place;
  make_film(place);
  const Words at = box(place);
  const std::vector<Json> wanted = frames_of(place.run(with({"track", "film", "--fps", "10"}, at)).out);
  require_followed(place, wanted);
  const auto same_faces = [&](const Outcome& o, bool exactly) {
    INFO(o.err);
    REQUIRE(o.code == 0);
    const std::vector<Json> frames = frames_of(o.out);
    require_followed(place, frames);
    for (std::size_t i = 0; i < frames.size(); ++i) {
      if (exactly) CHECK(frames[i].at("faces") == wanted[i].at("faces"));
      const Landmarks a = points_of(frames[i].at("faces")[0]), b = points_of(wanted[i].at("faces")[0]);
      for (std::size_t k = 0; k < kPoints; ++k) CHECK(distance(a[k], b[k]) < 1.0f);
    }
  };
  place.write("film.rgb", raw_film(place));
  place.write("film.bgr", raw_film(place, kFrames, true));
  place.write("film.y4m", y4m_film(place));
  same_faces(place.run(with({"track", "film.rgb", "--raw", "144x144", "--fps", "10"}, at)), true);
  same_faces(place.run(with({"track", "film.bgr", "--raw", "144x144", "--format", "bgr", "--fps", "10"}, at)), true);
  same_faces(place.run_reading("film.rgb", with({"track", "-", "--raw", "144x144", "--fps", "10"}, at)), true);
  same_faces(place.run(with({"track", "film.y4m"}, at)), false);
  same_faces(place.run_reading("film.y4m", with({"track", "compact", "-"}, at)), false);
}

TEST_CASE("a film of ours is one that can be read again") {
  const Place place;
  make_film(place, 6);
  place.write("film.y4m", y4m_film(place, 6));
  const Words at = box(place);
  const Outcome o = place.run(with({"track", "film.y4m", "--overlay", "drawn.y4m", "--json", "-"}, at));
  INFO(o.err);
  REQUIRE(o.code == 0);
  const std::string film = place.read("drawn.y4m");
  CHECK(film.rfind("YUV4MPEG2 XLINEAMENT W144 H144 F10:1 Ip A1:1 C420jpeg\nFRAME\n", 0) == 0);
  const std::size_t frame = 6 + 144 * 144 * 3 / 2;
  CHECK((film.size() - film.find('\n') - 1) == 6 * frame);
  require_followed(place, frames_of(o.out), 6);
  CHECK(place.run_reading("film.y4m", with({"track", "-", "--overlay", "-"}, at)).out == film);
  require_followed(place, frames_of(place.run(with({"track", "drawn.y4m"}, at)).out), 6);
}

TEST_CASE("a film that ends within a frame is an error that leaves the frames before it") {
  const Place place;
  make_film(place, 5);
  const std::string film = y4m_film(place, 5), raw = raw_film(place, 5);
  place.write("cut.y4m", film.substr(0, film.size() - 1000));
  place.write("cut.rgb", raw.substr(0, raw.size() - 1));
  Outcome o = place.run(with({"track", "cut.y4m"}, box(place)));
  require_followed(place, frames_of(o.out), 4);
  require_refused(o, {"cut.y4m: frame 4", "the film ends within it", "62208 bytes", "61208"});
  o = place.run(with({"track", "cut.rgb", "--raw", "144x144", "--fps", "10"}, box(place)));
  require_followed(place, frames_of(o.out), 4);
  require_refused(o, {"cut.rgb: frame 4", "62207", "144x144 of rgb"});

  std::string odd = film;
  odd.replace(odd.find("FRAME", 100000), 5, "FLAME");
  place.write("odd.y4m", odd);
  require_refused(place.run(with({"track", "odd.y4m"}, box(place))), {"odd.y4m: frame 2", "FRAME", "'FLAME'"});
  // In a folder, one picture of many is no reason to lose the others.
  place.write("film/frame_000002.png", "no picture");
  o = place.run(with({"track", "film", "--fps", "10"}, box(place)));
  CHECK(o.code == 2);
  CHECK(frames_of(o.out).size() == 4);
  CHECK(frames_of(o.out)[2].at("frame") == 3);
  CHECK(complaints(o.err).size() == 1);
}

TEST_CASE("what is no film, and outputs that cannot be, are refused in one line") {
  const Place place;
  make_film(place, 2);
  const Words at = box(place);
  const auto refused = [&](const Words& words, const Words& parts) {
    require_refused(place.run(with(words, at)), parts);
  };
  const auto header = [&](const std::string& line, const Words& parts) {
    place.write("bad.y4m", line + "\nFRAME\n");
    refused({"track", "bad.y4m"}, with({"bad.y4m"}, parts));
  };
  header("RIFF", {"not a Y4M film", "'RIFF'", "ffmpeg"});
  header(std::string("\0\0\0 ftyp", 8), {"not a Y4M film", "ffmpeg"});
  header("YUV4MPEG2 W8 F25:1", {"how large"});
  header("YUV4MPEG2 W8 H0", {"size", "H0"});
  header("YUV4MPEG2 Wx H4", {"size", "Wx"});
  header("YUV4MPEG2 W2000000 H2000000", {"too large", "2000000 x 2000000"});
  header("YUV4MPEG2 W8 H8 C420p10", {"colours", "C420p10", "C444"});
  header("YUV4MPEG2 W8 H8 " + std::string(5000, 'X'), {"bad.y4m"});
  refused({"track", "nowhere.y4m"}, {"nowhere.y4m", "cannot be opened"});
  refused({"track", "film", "--raw", "8x8"}, {"--raw", "folder"});
  for (const char* size : {"8", "8x", "x8", "8x8x", "0x8", "-8x8", "8x8 ", "99999x99999"})
    refused({"track", "bad.y4m", "--raw", size}, {"--raw", size});
  std::filesystem::create_directory(place / "empty");
  refused({"track", "empty"}, {"empty", "holds no image"});
  refused({"track", "huge", "film"}, {"huge", "no such model"});
  refused({"track", "tiny"}, {"a film is missing", "tiny"});
  require_refused(place.run({"track"}), {"a film is missing"});
  require_refused(place.run({"track", "film", "--box", "1000,1000,50,50"}), {"--box", "outside the first frame"});
  refused({"track", "film", "--min-size", "30"}, {"--min-size", "no face is looked for"});
  refused({"track", "film", "--find-every", "0.5"}, {"--find-every", "no face is looked for"});
  place.write("cut.y4m", "YUV4MPEG2 W8 H8");
  refused({"track", "cut.y4m"}, {"cut.y4m", "ends within its first line"});
  place.write("whole.y4m", y4m_film(place, 2));
  refused({"track", "whole.y4m", "--raw", "16x16"}, {"--raw", "a Y4M film"});
  require_refused(place.run({"track", "film", "--box", "3"}), {"--box", "not a box"});
  require_refused(place.run({"track", "film", "--detector", "none.safetensors"}), {"none.safetensors"});
  refused({"track", "film", "--format", "yuv"}, {"--format", "yuv"});
  refused({"track", "film", "--json", "-", "--overlay", "-"}, {"--overlay", "standard output"});
  refused({"track", "film", "--overlay", "film"}, {"--overlay", "written over what is read"});
  refused({"track", "film", "--pts", "film/../film"}, {"--pts", "written over what is read"});
  place.write("notes.jsonl", "mine");
  place.write("film.y4m", y4m_film(place, 2));
  refused({"track", "film", "--json", "notes.jsonl"}, {"notes.jsonl", "did not write"});
  refused({"track", "film", "--overlay", "film.y4m"}, {"film.y4m", "did not write"});
  CHECK(place.read("notes.jsonl") == "mine");
  CHECK(place.read("film.y4m") == y4m_film(place, 2));
}

TEST_CASE("without a box the program's own detector finds the face, and finds it again") {
  const Place place;
  make_film(place, 6);
  const Outcome o = place.run({"track", "film", "--find-every", "0.1"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  const auto frames = frames_of(o.out);
  REQUIRE(frames.size() == 6);
  for (const auto& frame : frames) {
    REQUIRE(frame.at("faces").size() == 1);
    CHECK(frame.at("faces")[0].at("id") == 1);
    CHECK(frame.at("faces")[0].contains("yaw"));
  }
}

TEST_CASE("a rate may be a fraction") {
  const Place place;
  make_film(place, 3);
  const Outcome o = place.run({"track", "film", "--fps", "30000/1001", "--box", "1,1,60,60"});
  REQUIRE(o.code == 0);
  CHECK(frames_of(o.out)[2].at("seconds").get<double>() == Approx(2 * 1001 / 30000.0).epsilon(1e-3));
  for (const char* wrong : {"30/0", "30/", "/2", "a/b", "30/1/2", "0/5"})
    require_refused(place.run({"track", "film", "--fps", wrong}), {"--fps"});
}

TEST_CASE("a detector that finds nobody, and a film without frames, are said") {
  const Place place;
  make_film(place, 2);
  place.write("none.y4m", "YUV4MPEG2 W8 H8 F25:1\n");
  const Outcome o = place.run({"track", "none.y4m", "--box", "1,1,5,5"});
  CHECK(o.code == 2);
  CHECK(o.out.empty());
  CHECK(contains(o.err, "none.y4m: the film has no frame"));
  const Outcome away = place.run({"track", "film", "--box", "2,2,14,14"});
  CHECK(away.code == 0);
  CHECK(contains(away.err, "no face was found"));
  REQUIRE(frames_of(away.out).size() == 2);
  CHECK(frames_of(away.out)[1].at("faces").empty());
}

TEST_CASE("who stops reading ends the program quietly") {
  const Place place;
  make_film(place, 12);
  place.write("film.y4m", y4m_film(place, 12));
  const std::string at = words_of(box(place));
  const Outcome o = shell(place, "$LINEAMENT track film.y4m --overlay -" + at + " | head -c 40000 | wc -c");
  CHECK(o.code == 0);
  CHECK(contains(o.out, "40000"));
  CHECK_FALSE(contains(o.err, "lineament:"));
  // The same where the signal is ignored, as by some that start programs: then what is left is a summary.
  const Outcome ignored = shell(place, "trap '' PIPE; { $LINEAMENT track film.y4m --overlay -" + at +
                                           "; echo code $? >&2; } | head -c 40000 | wc -c");
  CHECK(contains(ignored.err, "code 0"));
  CHECK_FALSE(contains(ignored.err, "lineament:"));
  CHECK_FALSE(contains(ignored.err, "12 frames"));
  const Outcome full = shell(place, "$LINEAMENT track film.y4m --overlay -" + at + " > /dev/full");
  CHECK(full.code == 2);
  CHECK(contains(full.err, "standard output"));
}

TEST_CASE("ffmpeg's films go in through a pipe, and ours go back") {
  if (std::system("command -v ffmpeg > /dev/null") != 0) LINEAMENT_SKIP("ffmpeg is not installed");
  const Place place;
  make_film(place, 20);
  const std::string at = words_of(box(place));
  const std::string make =
      "ffmpeg -loglevel error -nostdin -framerate 10 -i film/frame_%06d.png -strict -1 -f yuv4mpegpipe -pix_fmt ";
  for (const char* colours : {"yuv420p", "yuvj420p", "yuv422p", "yuv444p", "gray"}) {
    INFO(colours);
    const Outcome o = shell(place, make + colours + " - | $LINEAMENT track - --json -" + at);
    INFO(o.err);
    require_followed(place, frames_of(o.out), 20);
  }
  const Outcome back = shell(place, make + "yuv420p - | $LINEAMENT track - --overlay -" + at +
                                        " | ffmpeg -loglevel error -nostdin -i - back_%02d.png");
  INFO(back.err);
  CHECK(back.code == 0);
  CHECK_FALSE(contains(back.err, "rror"));
  const Image shown = read_image(place / "back_20.png"), drawn = read_image(place / name_of(19, ".png"));
  REQUIRE(shown.width() == kFilmSide);
  double off = 0;  // where no point is drawn: above the face
  for (int y = 0; y < 12; ++y)
    for (int x = 0; x < kFilmSide; ++x) off += std::abs(shown.at(x, y).r - drawn.at(x, y).r);
  CHECK(off / (12 * kFilmSide) < 8);  // as 4:2:0 and the noise in colours allow
}

}  // namespace lineament::test
