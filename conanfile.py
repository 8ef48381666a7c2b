"""Builds and packs this tree with Conan 2: conan create . """
import re

from conan import ConanFile
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import load


class Lineament(ConanFile):
    name = "lineament"
    license = "MIT"
    description = "Convolutional networks for face landmarks"
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "fPIC": [True, False]}
    default_options = {"shared": False, "fPIC": True}
    exports_sources = ("CMakeLists.txt", "cmake/*", "include/*", "src/*", "data/models/*", "docs/*", "examples/*",
                       "recipes/*", "*.md", "CITATION.cff", "LICENSE")
    implements = ["auto_shared_fpic"]

    def set_version(self):
        header = load(self, f"{self.recipe_folder}/include/lineament/version.hpp")
        self.version = ".".join(re.findall(r"VERSION_(?:MAJOR|MINOR|PATCH) (\d+)\n", header))

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        self.requires("eigen/3.4.0", transitive_headers=True)
        self.requires("highway/1.0.3")
        self.requires("pugixml/1.13")
        # Headers that only our own sources include.
        for reference in ("nlohmann_json/3.11.2", "cli11/2.3.2", "stb/cci.20230920"):
            self.requires(reference, visible=False)

    def generate(self):
        deps = CMakeDeps(self)
        deps.set_property("highway", "cmake_file_name", "hwy")
        deps.set_property("highway::hwy", "cmake_target_name", "hwy::hwy")
        deps.generate()
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["LINEAMENT_STB_DIR"] = self.dependencies["stb"].cpp_info.includedirs[0]
        toolchain.cache_variables["LINEAMENT_FETCH_MISSING"] = False
        toolchain.cache_variables["LINEAMENT_TESTS"] = False
        toolchain.cache_variables["LINEAMENT_EXAMPLES"] = False
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()

    def package_info(self):
        self.cpp_info.libs = ["lineament"]
        self.cpp_info.requires = ["eigen::eigen", "highway::hwy", "pugixml::pugixml"]
        self.cpp_info.set_property("cmake_target_name", "lineament::lineament")
        if self.settings.os == "Linux":
            self.cpp_info.system_libs = ["pthread"]
