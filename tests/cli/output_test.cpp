// What the commands write: JSON with the documented keys, points, overlays, the log, the report, and the progress bar.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "image/bytes.hpp"
#include "lineament/faces/imglab.hpp"
#include "lineament/faces/pts.hpp"
#include "lineament/image/file.hpp"
#include "program.hpp"

namespace lineament::test {
namespace {

using Json = nlohmann::json;

Words keys(const Json& json) {
  Words names;
  for (const auto& [key, value] : json.items()) names.push_back(key);
  return names;  // sorted, as nlohmann::json keeps them
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++n;
  return n;
}

Image turned_left(const Image& image) {
  Image turned(image.height(), image.width());
  for (int y = 0; y < image.height(); ++y)
    for (int x = 0; x < image.width(); ++x) turned.set(y, image.width() - 1 - x, image.at(x, y));
  return turned;
}

double mean_difference(const Image& a, const Image& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels().size(); ++i) sum += std::abs(a.pixels()[i] - b.pixels()[i]);
  return sum / static_cast<double>(a.pixels().size());
}

}  // namespace

TEST_CASE("--json prints JSON with the documented keys and nothing else") {
  const Place place;
  make_model(place);
  make_faces(place, "faces", 2);
  place.write("faces/sub/alone.pts", "x");
  Outcome o = place.run({"evaluate", "model.safetensors", "--synthetic", "6", "--json"});
  CHECK(o.code == 0);
  Json json = Json::parse(o.out);
  CHECK(keys(json) == Words{"auc_8", "faces", "fr_8", "model", "nme", "nme_by_point", "nme_by_pose", "nme_by_region",
                            "nme_by_size", "pck_0.1", "photos", "precision"});
  CHECK(json["nme_by_point"].size() == 68);
  CHECK(keys(json["nme"]) == Words{"box_diagonal", "inter_ocular", "inter_pupil"});
  CHECK(keys(json["nme_by_region"]) ==
        Words{"jaw", "left brow", "left eye", "mouth", "nose", "right brow", "right eye"});
  CHECK(json["faces"] == 6);
  CHECK(json["nme"]["inter_ocular"].get<double>() > 1);  // in %, of a network that has learnt next to nothing
  CHECK(json["fr_8"].get<double>() <= 1);
  CHECK(json["precision"] == "fp32");
  const double full = json["nme"]["inter_ocular"];
  for (const char* precision : {"bf16", "int8"}) {
    o = place.run({"evaluate", "model.safetensors", "--synthetic", "6", "--precision", precision, "--json"});
    INFO(o.err);
    json = Json::parse(o.out);
    CHECK(json["precision"] == precision);
    CHECK(json["nme_change_from_fp32"].get<double>() ==
          Approx(json["nme"]["inter_ocular"].get<double>() - full).margin(1e-9));
    CHECK(json["nme_change_from_fp32"].get<double>() != 0);
    CHECK(std::abs(json["nme_change_from_fp32"].get<double>()) < 0.5);
  }

  o = place.run({"inspect", "model.safetensors", "--json"});
  CHECK(o.code == 0);
  json = Json::parse(o.out);
  CHECK(keys(json) == Words{"arena_bytes", "batch", "layers", "multiply_adds", "outputs", "weights"});
  CHECK(keys(json["arena_bytes"]) == Words{"infer", "infer_batch_1", "train"});
  REQUIRE(json["layers"].size() == 6);
  CHECK(keys(json["layers"][0]) == Words{"multiply_adds", "name", "output", "type", "weights"});
  CHECK(json["weights"] == 3 * 3 * 3 * 8 + 8 + 2 * 8 + 8 * 8 * 8 * 136 + 136);
  CHECK(json["multiply_adds"] == 16 * 16 * 27 * 8 + 512 * 136);

  o = place.run({"validate", "faces", "--json"});
  CHECK(o.code == 2);
  json = Json::parse(o.out);
  CHECK(keys(json) == Words{"faces", "folders", "images", "look_the_same", "notes", "paths", "rejected"});
  CHECK(json["paths"] == Json({"faces"}));
  CHECK(json["faces"] == 2);
  REQUIRE(json["rejected"].size() == 1);
  CHECK(json["rejected"][0]["file"] == "faces/sub/alone.pts");

  o = place.run(
      {"predict", "model.safetensors", "faces/face_00000.png", "faces/face_00001.png", "--box", "10,10,70,70"});
  CHECK(o.code == 0);
  json = Json::parse(o.out);
  CHECK(json["format"] == "lineament-faces");
  REQUIRE(json["faces"].size() == 2);
  CHECK(json["faces"][1]["image"] == "faces/face_00001.png");
  CHECK(json["faces"][1]["box"] == Json({10, 10, 70, 70}));
  CHECK(json["faces"][1]["points"].size() == 68);
}

TEST_CASE("predict writes JSON, points and an overlay that can be read back") {
  const Place place;
  make_model(place);
  make_faces(place, "faces", 1);
  place.write("grün/a photo.png", place.read("faces/face_00000.png"));
  place.write("other/a photo.png", place.read("faces/face_00000.png"));
  const Bytes rows(static_cast<std::size_t>(40 * (1 + 2 * 50)), 0);
  const Bytes grey = png_file(50, 40, 16, 0, rows);
  place.write("grey16.png", {grey.begin(), grey.end()});
  write_png(place / "one.png", Image(1, 1, {9, 9, 9}));
  const Outcome o =
      place.run({"predict", "model.safetensors", "--whole", "grün/a photo.png", "other/a photo.png", "grey16.png",
                 "one.png", "--json", "new/all.json", "--pts", "new/pts/", "--overlay", "new/overlay"});
  INFO(o.err);
  CHECK(o.code == 0);
  CHECK(o.out.empty());
  CHECK(place.list("new/pts") == Words{"a photo-1.pts", "a photo-2.pts", "grey16.pts", "one.pts", "photos.csv"});
  CHECK(place.list("new/overlay") == Words{"a photo-1.png", "a photo-2.png", "grey16.png", "one.png"});
  const Json faces = Json::parse(place.read("new/all.json"))["faces"];
  REQUIRE(faces.size() == 4);
  CHECK(faces[0]["image"] == "grün/a photo.png");
  const Landmarks points = read_pts(place / "new/pts/a photo-1.pts");
  for (std::size_t i = 0; i < kPoints; ++i) {
    CHECK(points[i].x == Approx(faces[0]["points"][i][0].get<double>()).margin(1e-3));
    CHECK(points[i].y == Approx(faces[0]["points"][i][1].get<double>()).margin(1e-3));
  }
  const Image photo = read_image(place / "faces/face_00000.png"),
              overlay = read_image(place / "new/overlay/a photo-1.png");
  CHECK(overlay.width() == photo.width());
  CHECK(mean_difference(overlay, photo) > 0.1);
  // A box partly outside the photo is usual for a face at its edge; one that misses it is a mistake.
  CHECK(place.run({"predict", "model.safetensors", "grey16.png", "--box=-20,-10,50,50"}).code == 0);
  for (const char* box : {"50,0,10,10", "-30,0,20,20", "0,0,1e30,1e30", "1e30,0,1,1", "nan,0,9,9", "0,0,inf,9"})
    require_refused(place.run({"predict", "model.safetensors", "grey16.png", std::string("--box=") + box}), {"box"});
}

TEST_CASE("a photo with an EXIF rotation gets an upright overlay") {
  const Place place;
  make_model(place);
  make_faces(place, "faces", 1);
  const Image face = read_image(place / "faces/face_00000.png");
  Image upright(face.width(), face.height() - 20);  // not square, so that a wrong turn shows in the size, too
  for (int y = 0; y < upright.height(); ++y)
    for (int x = 0; x < upright.width(); ++x) upright.set(x, y, face.at(x, y));
  const Bytes turned =
      with_exif(encode_jpeg(turned_left(upright), 95), exif_block(6, true));  // 6: turn right to see it
  place.write("turned.jpg", {turned.begin(), turned.end()});
  write_png(place / "upright.png", upright);
  const Outcome o = place.run({"predict", "model.safetensors", "turned.jpg", "upright.png", "--overlay", "out"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  const Image a = read_image(place / "out/turned.png"), b = read_image(place / "out/upright.png");
  REQUIRE(a.width() == upright.width());
  REQUIRE(a.height() == upright.height());
  CHECK(mean_difference(a, b) < 6);
}

TEST_CASE("a run leaves a log, a report and a model that other programs can open") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  make_faces(place, "data", 40);
  for (const char* kind : {".png", ".pts"})
    std::filesystem::rename(place / (std::string("data/face_00007") + kind),
                            place / (std::string("data/<b>&'7") + kind));
  const Outcome o =
      place.run(training("run/", {"--data", "data", "--epochs", "3", "--val-split", "0.9", "--batch", "4"}));
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK(o.out.empty());
  CHECK(o.err.find_first_of("\r\033") == std::string::npos);
  CHECK(o.err.find("training on 4 faces, 36 held out") != std::string::npos);
  CHECK(place.list("run") == Words{"last.safetensors", "log.jsonl", "model.safetensors", "report.html"});
  const Words log = lines_of(place.read("run/log.jsonl"));
  REQUIRE(log.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const Json line = Json::parse(log[i]);
    CHECK(line["epoch"] == i + 1);
    CHECK(line["faces"] == 36);
    for (const char* key :
         {"loss", "train_nme", "train_pck_0.1", "nme", "pck_0.1", "auc_8", "fr_8", "learning_rate", "seconds"})
      CHECK(line[key].is_number());
  }
  const std::string report = place.read("run/report.html");
  CHECK(count(report, "<img ") == 24);  // the 12 best and the 12 worst
  CHECK(count(report, "src='data:image/jpeg;base64,") == 24);
  CHECK(count(report, "<svg") >= 6);
  for (const char* outside : {"http://", "https://", "<script", "<link", "url("}) {
    // The one address allowed is the name of SVG's namespace.
    CHECK(count(report, outside) ==
          (std::string(outside) == "http://" ? count(report, "http://www.w3.org/2000/svg") : 0));
  }
  CHECK(report.find("<b>&'7") == std::string::npos);
  for (const char* fact :
       {">machine<", " core", ">threads<", ">training time<", "0:0", ">held out<", "90 % by photo, 36 faces"}) {
    INFO(fact);
    CHECK(report.find(fact) != std::string::npos);
  }

  const Path script = Path(LINEAMENT_SOURCE_DIR) / "tests/model/safetensors_reference.py";
  if (std::system("python3 -c pass >/dev/null 2>&1") != 0) {
    WARN("left out: python3 is not here");
    return;
  }
  for (const char* file : {"model", "last"}) {
    const std::string command = "python3 '" + script.string() + "' dump '" +
                                (place / (std::string("run/") + file)).string() + ".safetensors' > '" +
                                (place / "dump.json").string() + "'";
    REQUIRE(std::system(command.c_str()) == 0);
    const Json dump = Json::parse(place.read("dump.json"));
    CHECK(dump["metadata"].contains("spec"));
    CHECK(dump["tensors"].size() >= 6);
  }
}

TEST_CASE("data in lists and in subfolders is trained on") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  make_faces(place, "data/deep/er", 6);
  std::vector<Face> faces;
  for (int i = 0; i < 6; ++i) {
    const Path image = place / ("data/deep/er/face_0000" + std::to_string(i) + ".png");
    Path pts = image, ljson = place / ("ljson/" + std::to_string(i) + ".ljson");
    faces.push_back({image, read_pts(pts.replace_extension(".pts")), std::nullopt, ""});
    Json points = Json::array();
    for (const Point& p : faces.back().points) points.push_back({p.y, p.x});  // LJSON: row, column
    place.write("ljson/" + std::to_string(i) + ".ljson",
                Json{{"version", 2}, {"landmarks", {{"points", points}}}}.dump());
    std::filesystem::copy_file(image, ljson.replace_extension(".png"));
  }
  write_imglab(place / "data/list.xml", faces);
  int run = 0;
  for (const std::string& data : Words{"data/deep", "data/list.xml", "ljson"}) {
    INFO(data);
    const Outcome o = place.run(
        training("run" + std::to_string(run++), {"--data", data, "--epochs", "1", "--batch", "6", "--val-split", "0"}));
    INFO(o.err);
    CHECK(o.code == 0);
    CHECK(o.err.find("training on 6 faces") != std::string::npos);
  }
}

TEST_CASE("on a terminal a bar is drawn within its width and taken away again") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  for (const std::uint16_t columns : {std::uint16_t{40}, std::uint16_t{80}}) {
    const Outcome o = place.run_on_terminal(
        training("run" + std::to_string(columns), {"--synthetic", "32", "--epochs", "1", "--copies", "600"}), columns);
    INFO(o.out);
    REQUIRE(o.code == 0);
    CHECK(count(o.out, "\r\033[Kepoch 1/1 ") > 0);
    CHECK((o.out.find("epoch 1/1 [=") != std::string::npos) == (columns == 80));
    for (const std::string& line : lines_of(o.out)) {
      std::string rest = line;
      if (!rest.empty() && rest.back() == '\r') rest.pop_back();
      std::string shown = rest;
      for (auto at = rest.find("\r\033[K"); at != std::string::npos; at = rest.find("\r\033[K")) {
        CHECK(rest.substr(0, at).size() < columns);
        rest = rest.substr(at + 4);
        shown = rest;
      }
      CHECK(shown.find_first_of("\r\033") == std::string::npos);
      CHECK(shown.find("[=") == std::string::npos);
      CHECK(shown.find(" left") == std::string::npos);
    }
  }
}

TEST_CASE("a terminal that cannot take a line back gets plain lines") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  const Words words = training("run", {"--synthetic", "32", "--epochs", "1", "--copies", "600"});
  const Outcome o = place.run_on_terminal(words, 80, "dumb");
  INFO(o.out);
  REQUIRE(o.code == 0);
  CHECK(count(o.out, "\033") == 0);
  CHECK(count(o.out, "\r") == count(o.out, "\n"));  // the terminal's own line ends
  CHECK(count(o.out, "best: epoch 1") > 0);
}

TEST_CASE("output that cannot be written is said") {
  if (!std::filesystem::exists("/dev/full")) {
    WARN("left out: there is no /dev/full");
    return;
  }
  const Place place;
  make_model(place);
  const std::string command = std::string("'") + LINEAMENT_PROGRAM_PATH + "' inspect '" +
                              (place / "model.safetensors").string() + "' --json > /dev/full 2> '" +
                              (place / "err").string() + "'";
  const int status = std::system(command.c_str());
  CHECK(status != 0);
  CHECK(place.read("err").rfind("lineament: standard output", 0) == 0);
}

}  // namespace lineament::test
