// Data sets: the official 300-W layout, own folders, lists, and what does not fit.
#include "lineament/faces/dataset.hpp"

#include <algorithm>
#include <set>

#include "dataset_support.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/imglab.hpp"

using namespace lineament;
using namespace test;

namespace {

/// An image that is only looked for, never opened.
void add(const TempFolder& folder, const fs::path& image, const fs::path& annotation, float dx = 0) {
  if (!image.empty()) folder.write(image, "not opened: " + image.string());
  if (!annotation.empty()) folder.write(annotation, sample_pts(dx));
}

std::vector<std::string> images(const Dataset& data, const fs::path& root) {
  std::vector<std::string> result;
  for (const Face& face : data.faces) result.push_back(face.image.lexically_relative(root).generic_string());
  return result;
}

/// The reason given for `file`, or "" if it is not rejected.
std::string reason(const Dataset& data, const fs::path& file) {
  for (const Rejected& r : data.rejected)
    if (r.file == file.string()) return r.reason;
  return "";
}

void add_official_release(const TempFolder& folder) {
  add(folder, "helen/trainset/2908549_1.jpg", "helen/trainset/2908549_1.pts");
  add(folder, "helen/trainset/2908549_2.jpg", "helen/trainset/2908549_2.pts");
  add(folder, "helen/testset/30427236_1.jpg", "helen/testset/30427236_1.pts");
  add(folder, "lfpw/trainset/image_0001.png", "lfpw/trainset/image_0001.pts");
  add(folder, "lfpw/trainset/image_0002.png", "lfpw/trainset/image_0002.pts");
  add(folder, "lfpw/testset/image_0001.png", "lfpw/testset/image_0001.pts");
  add(folder, "afw/134212_1.jpg", "afw/134212_1.pts");
  add(folder, "ibug/image_003_1.jpg", "ibug/image_003_1.pts");
}

}  // namespace

TEST_CASE("the official 300-W layout: test faces are read only when asked for") {
  const TempFolder folder;
  add_official_release(folder);
  const std::vector<std::string> train{"afw/134212_1.jpg", "helen/trainset/2908549_1.jpg",
                                       "helen/trainset/2908549_2.jpg", "lfpw/trainset/image_0001.png",
                                       "lfpw/trainset/image_0002.png"};
  const std::vector<std::string> test{"helen/testset/30427236_1.jpg", "ibug/image_003_1.jpg",
                                      "lfpw/testset/image_0001.png"};
  const Dataset data = read_dataset(folder.path());
  CHECK(images(data, folder.path()) == train);
  CHECK(data.other_part == 3);
  CHECK(data.rejected.empty());
  CHECK(data.faces[1].photo == data.faces[2].photo);
  CHECK(data.faces[3].photo != data.faces[4].photo);
  CHECK(data.faces[0].points == sample_points());

  CHECK(images(read_dataset(folder.path(), {Part::test}), folder.path()) == test);
  CHECK(read_dataset(folder.path(), {Part::all}).faces.size() == 8);

  // A sub-folder given by itself is still known by its own name, however it is spelt.
  CHECK(read_dataset(folder / "helen").faces.size() == 2);
  CHECK(read_dataset(folder / "helen/trainset/").faces.size() == 2);
  for (const char* name : {"ibug", "helen/testset", "helen/testset/.", "afw/../ibug/"}) {
    const std::string said = message<FileError>([&] { read_dataset(folder / name); });
    CAPTURE(said);
    CHECK(contains(said, "test faces"));
    CHECK(read_dataset(folder / name, {Part::test}).faces.size() == 1);
  }
  CHECK(contains(message<FileError>([&] { read_dataset(folder / "afw", {Part::test}); }), "training faces"));
}

TEST_CASE("the part of a file is that of the nearest folder that says so") {
  CHECK(part_of("300w/helen/trainset/1_1.jpg") == Part::train);
  CHECK(part_of("300w/HELEN/TestSet/1_1.jpg") == Part::test);
  CHECK(part_of("300W/01_Indoor/indoor_001.png") == Part::test);
  CHECK(part_of("300W/02_Outdoor/outdoor_001.png") == Part::test);
  CHECK(part_of("ibug/helen/trainset/1_1.jpg") == Part::train);  // iBUG's download folder
  CHECK(part_of("ibug/afw/1_1.jpg") == Part::train);
  CHECK(part_of("mine/ibug.jpg") == Part::train);  // a file's name says nothing
  CHECK(part_of("mine/a.jpg") == Part::train);
}

TEST_CASE("annotations find their image: any extension and case, several faces in one photo") {
  const TempFolder folder;
  add(folder, "a.JPG", "a.pts");
  add(folder, "b.Jpeg", "b.PTS");
  add(folder, "sub/deep/c.png", "sub/deep/c.pts");
  add(folder, "d.bmp", "d.pts");
  add(folder, "e.pnm", "e.pts");
  add(folder, "1051618982.jpg", "1051618982_2.pts", 20);
  add(folder, "", "1051618982_1.pts", 1);
  add(folder, "", "1051618982_10.pts", 10);
  add(folder, "._a.jpg", "._a.pts");
  add(folder, "__MACOSX/a.jpg", "__MACOSX/a.pts");
  folder.write("readme.txt", "hello");
  const Dataset data = read_dataset(folder.path());
  CHECK(data.rejected.empty());
  CHECK(images(data, folder.path()) == std::vector<std::string>{"1051618982.jpg", "1051618982.jpg", "1051618982.jpg",
                                                                "a.JPG", "b.Jpeg", "d.bmp", "e.pnm", "sub/deep/c.png"});
  CHECK(data.faces[0].points == sample_points(1));
  CHECK(data.faces[1].points == sample_points(10));
  CHECK(data.faces[2].points == sample_points(20));
  CHECK(data.faces[0].photo == data.faces[2].photo);
}

TEST_CASE("what does not fit is rejected with a reason, and the rest is read") {
  const TempFolder folder;
  add(folder, "good.jpg", "good.pts");
  add(folder, "", "lonely.pts");
  add(folder, "bare.png", "");
  add(folder, "twice.jpg", "twice.pts");
  add(folder, "twice.png", "");
  add(folder, "broken.jpg", "");
  folder.write("broken.pts", "version: 1\nn_points: 67\n{\n}\n");
  fs::create_symlink(folder / "nowhere", folder / "link.pts");
  const Dataset data = read_dataset(folder.path());
  CHECK(images(data, folder.path()) == std::vector<std::string>{"good.jpg", "twice.jpg"});
  CHECK(data.rejected.size() == 5);
  CHECK(contains(reason(data, folder / "lonely.pts"), "no image"));
  CHECK(contains(reason(data, folder / "bare.png"), "no annotation"));
  CHECK(contains(reason(data, folder / "twice.png"), "twice.jpg"));
  CHECK(contains(reason(data, folder / "broken.pts"), "line 2: the number of points is wrong"));
  CHECK(reason(data, folder / "broken.jpg").empty());  // its annotation has been named already
  CHECK(contains(reason(data, folder / "link.pts"), "broken link"));
}

TEST_CASE("folders reached by links are read once, circles are not followed") {
  const TempFolder folder, elsewhere;
  add(folder, "own/a.jpg", "own/a.pts");
  add(elsewhere, "b.jpg", "b.pts");
  fs::create_directory_symlink(elsewhere.path(), folder / "linked");
  fs::create_directory_symlink(folder.path(), folder / "own/circle");
  CHECK(images(read_dataset(folder.path()), folder.path()) == std::vector<std::string>{"linked/b.jpg", "own/a.jpg"});
}

TEST_CASE("a folder of .ljson files; a .pts of the same name comes first") {
  const TempFolder folder;
  const std::string json = "{\"version\": 2, \"labels\": [], \"landmarks\": {\"points\": " + sample_yx() + "}}";
  folder.write("a.jpg", "");
  folder.write("a.ljson", json);
  add(folder, "b.jpg", "b.pts", 5);
  folder.write("b.ljson", json);
  const Dataset data = read_dataset(folder.path());
  REQUIRE(data.faces.size() == 2);
  CHECK(data.faces[0].points == sample_points());
  CHECK(data.faces[1].points == sample_points(5));
  CHECK(data.rejected.empty());
  CHECK(read_dataset(folder / "b.ljson").faces.at(0).points == sample_points());
  CHECK(read_dataset(folder / "b.pts").faces.at(0).points == sample_points(5));
}

TEST_CASE("lists: .csv and imglab .xml; images that are missing are reported once") {
  const TempFolder folder;
  add_official_release(folder);
  folder.write("list.csv", sample_csv_row("helen/trainset/2908549_1.jpg") + sample_csv_row("afw/134212_1.jpg") +
                               sample_csv_row("gone_1.jpg") + sample_csv_row("gone_1.jpg") +
                               sample_csv_row("ibug/image_003_1.jpg") + "x\n");
  const Dataset data = read_dataset(folder / "list.csv");
  CHECK(images(data, folder.path()) == std::vector<std::string>{"afw/134212_1.jpg", "helen/trainset/2908549_1.jpg"});
  CHECK(data.other_part == 1);
  CHECK(data.rejected.size() == 2);
  CHECK(contains(reason(data, folder / "gone_1.jpg"), "does not exist"));
  CHECK(contains(reason(data, (folder / "list.csv").string() + ":6"), "fields"));

  const Dataset all = read_dataset(folder.path(), {Part::all});
  write_imglab(folder / "labels.XML", all.faces);
  CHECK(read_dataset(folder / "labels.XML").faces.size() == 5);
  CHECK(read_dataset(folder / "labels.XML", {Part::test}).faces.size() == 3);
}

TEST_CASE("nothing to read: one clear line") {
  const TempFolder folder;
  CHECK(contains(message<FileError>([&] { read_dataset(folder / "none"); }), "none: the data set cannot be opened"));
  CHECK(contains(message<FileError>([&] { read_dataset(folder.path()); }), "an empty folder"));
  folder.write("notes.txt", "hello");
  CHECK(contains(message<FileError>([&] { read_dataset(folder.path()); }), "1 other files"));
  CHECK(contains(message<FormatError>([&] { read_dataset(folder / "notes.txt"); }), "notes.txt"));
  folder.write("notes.doc", "hello");
  CHECK(contains(message<FormatError>([&] { read_dataset(folder / "notes.doc"); }), "'.doc'"));
  fs::remove(folder / "notes.doc");
  folder.write("a.pts", "67");
  const std::string said = message<FormatError>([&] { read_dataset(folder.path()); });
  CHECK(contains(said, "no face can be used (wanted at least one, got 1 rejected)"));
  CHECK(contains(said, "a.pts: there is no image"));
  folder.write("empty.xml", "<dataset><images/></dataset>");
  CHECK(contains(message<FileError>([&] { read_dataset(folder / "empty.xml"); }), "a list without faces"));
}
