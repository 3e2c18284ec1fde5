// A program's own OpenCL calls beside the library: on held buffers, with buffers and queues of its own.
#include <chrono>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <busfare/busfare.hpp>

#if __has_include(<CL/cl.h>)
#include "opencl/handle.hpp"

namespace {

namespace bf = busfare;
using bf::opencl::context_handle;
using bf::opencl::event_handle;
using bf::opencl::memory_handle;
using bf::opencl::queue_handle;

std::vector<float> counted(std::size_t n, float first = 0) {
  std::vector<float> v(n);
  std::iota(v.begin(), v.end(), first);
  return v;
}

std::vector<float> values(const bf::array<float>& a) {
  const auto view = a.host();
  return {view.begin(), view.end()};
}

struct twice {
  auto operator()(auto x) const { return x * 2.0f; }
};

std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const bf::error& e) {
    EXPECT_EQ(e.kind(), bf::error_class::invalid_argument) << e.what();
    EXPECT_FALSE(e.where().hint.empty()) << e.what();
    EXPECT_TRUE(e.where().device.starts_with("opencl:")) << e.what();
    return e.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

/// What a program makes in the library's context.
struct program {
  explicit program(const std::string& name) : device(name), n(bf::native_device_of(name)) {
    cl_int code = CL_SUCCESS;
    context = static_cast<cl_context>(n.context);
    id = static_cast<cl_device_id>(n.device);
    queue = queue_handle(clCreateCommandQueue(context, id, 0, &code));
    EXPECT_EQ(code, CL_SUCCESS);
  }
  [[nodiscard]] memory_handle buffer(const std::vector<float>& from,
                                     cl_mem_flags flags = CL_MEM_READ_WRITE) const {
    cl_int code = CL_SUCCESS;
    memory_handle m(clCreateBuffer(context, flags | CL_MEM_COPY_HOST_PTR, from.size() * 4,
                                   const_cast<float*>(from.data()), &code));
    EXPECT_EQ(code, CL_SUCCESS);
    return m;
  }
  void write(cl_mem to, const std::vector<float>& from) const {
    EXPECT_EQ(
        clEnqueueWriteBuffer(queue.get(), to, CL_TRUE, 0, from.size() * 4, from.data(), 0, nullptr, nullptr),
        CL_SUCCESS);
  }
  [[nodiscard]] std::vector<float> read(cl_mem from, std::size_t count) const {
    std::vector<float> v(count);
    EXPECT_EQ(clEnqueueReadBuffer(queue.get(), from, CL_TRUE, 0, count * 4, v.data(), 0, nullptr, nullptr),
              CL_SUCCESS);
    return v;
  }
  [[nodiscard]] bf::native_stream stream() const { return {queue.get()}; }

  std::string device;
  bf::native_device n;
  cl_context context = nullptr;
  cl_device_id id = nullptr;
  queue_handle queue;
};

/// A command that no queue starts before `open`.
struct gate {
  explicit gate(cl_context c) {
    cl_int code = CL_SUCCESS;
    closed = event_handle(clCreateUserEvent(c, &code));
    EXPECT_EQ(code, CL_SUCCESS);
  }
  ~gate() { open(); }
  void write(const program& p, cl_mem to, const std::vector<float>& from) const {
    const cl_event e = closed.get();
    EXPECT_EQ(
        clEnqueueWriteBuffer(p.queue.get(), to, CL_FALSE, 0, from.size() * 4, from.data(), 1, &e, nullptr),
        CL_SUCCESS);
    EXPECT_EQ(clFlush(p.queue.get()), CL_SUCCESS);
  }
  void open() {
    if (!is_open) clSetUserEventStatus(closed.get(), CL_COMPLETE);
    is_open = true;
  }
  event_handle closed;
  bool is_open = false;
};

std::vector<std::string> devices() {
  std::vector<std::string> names;
  for (const bf::device_description& d : bf::devices())
    if (d.unavailable.empty() && d.name.starts_with("opencl:")) names.push_back(d.name);
  return names;
}

TEST(opencl_native, the_context_and_device_are_shared) {
  for (const std::string& name : devices()) {
    SCOPED_TRACE(name);
    const program p(name);
    cl_device_id id = nullptr;
    EXPECT_EQ(clGetContextInfo(p.context, CL_CONTEXT_DEVICES, sizeof id, &id, nullptr), CL_SUCCESS);
    EXPECT_EQ(id, p.id);
    for (void* q : {p.n.compute, p.n.upload, p.n.download}) {
      cl_context c = nullptr;
      EXPECT_EQ(
          clGetCommandQueueInfo(static_cast<cl_command_queue>(q), CL_QUEUE_CONTEXT, sizeof c, &c, nullptr),
          CL_SUCCESS);
      EXPECT_EQ(c, p.context);
    }
  }
}

TEST(opencl_native, a_program_reads_and_writes_held_buffers) {
  for (const std::string& name : devices()) {
    SCOPED_TRACE(name);
    const program p(name);
    auto x = bf::map(bf::on(name), twice{}, bf::copy_of(counted(5000)));
    std::vector<float> want = counted(5000);
    for (float& v : want) v *= 2;
    EXPECT_EQ(p.read(bf::native(x, name).as<_cl_mem>(), 5000), want);
    EXPECT_EQ(values(x), want);
    EXPECT_EQ(p.read(bf::native(x, name).as<_cl_mem>(), 5000), want) << "after the host had it";
    for (int round = 1; round < 4; ++round) {
      SCOPED_TRACE(round);
      want = counted(5000, static_cast<float>(round));
      {
        const auto hold = round == 2 ? bf::native_overwrite(x, name) : bf::native_write(x, name);
        p.write(hold.as<_cl_mem>(), want);
      }
      const auto y = bf::map(bf::on(name), twice{}, x);
      if (round != 1) {
        EXPECT_EQ(values(x), want);
      }
      for (float& v : want) v *= 2;
      EXPECT_EQ(values(y), want);
    }
    for (float& v : x.write()) v = 7;
    EXPECT_EQ(p.read(bf::native(x, name).as<_cl_mem>(), 5000), std::vector<float>(5000, 7));
  }
}

// The program's command starts only after the hold has ended and a reader has begun.
TEST(opencl_native, a_reader_waits_for_the_programs_queue) {
  for (const std::string& name : devices()) {
    SCOPED_TRACE(name);
    const program p(name);
    auto x = bf::copy_of(counted(3000));
    const std::vector<float> fresh = counted(3000, 500);
    std::vector<float> seen;
    std::thread reader;
    {
      gate g(p.context);
      auto hold = bf::native_write(x, name, p.stream());
      g.write(p, hold.as<_cl_mem>(), fresh);
      hold.end();
      reader = std::thread([&] { seen = values(bf::map(bf::on(name), twice{}, x)); });
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
    }
    reader.join();
    std::vector<float> want = fresh;
    for (float& v : want) v *= 2;
    EXPECT_EQ(seen, want);
    EXPECT_EQ(values(x), fresh);
  }
}

TEST(opencl_native, the_programs_queue_waits_for_the_contents) {
  for (const std::string& name : devices()) {
    SCOPED_TRACE(name);
    const program p(name);
    for (int round = 0; round < 8; ++round) {
      const auto x = bf::copy_of(counted(300000, static_cast<float>(round)));
      bf::prefetch(x, name);
      const auto hold = bf::native(x, name, p.stream());
      EXPECT_EQ(p.read(hold.as<_cl_mem>(), 300000), counted(300000, static_cast<float>(round)));
    }
    bf::forget();
  }
}

TEST(opencl_native, buffers_of_a_program_are_adopted) {
  for (const std::string& name : devices()) {
    SCOPED_TRACE(name);
    const program p(name);
    bool released = false;
    {
      const auto x = bf::adopt_native<float>(
          name,
          std::shared_ptr<void>(p.buffer(counted(4097)).release(),
                                [&released](void* m) {
                                  released = true;
                                  EXPECT_EQ(clReleaseMemObject(static_cast<cl_mem>(m)), CL_SUCCESS);
                                }),
          bf::extents(4097));
      EXPECT_EQ(bf::sum(bf::on(name), x).value(), 4097.0f * 4096.0f / 2);
      EXPECT_EQ(values(x), counted(4097));
      EXPECT_FALSE(released);
    }
    EXPECT_TRUE(released);

    // On loan, written by a command that has not started yet, and written again after the loan.
    const memory_handle mine = p.buffer(counted(1000));
    gate g(p.context);
    const std::vector<float> fresh = counted(1000, 40);
    g.write(p, mine.get(), fresh);
    auto loan = bf::view_of_native<float>(name, mine.get(), bf::extents(1000), p.stream());
    const auto kept = *loan;
    g.open();
    EXPECT_EQ(values(bf::map(bf::on(name), twice{}, *loan)), values(bf::map(bf::on("cpu"), twice{}, *loan)));
    loan.end();
    p.write(mine.get(), counted(1000, 9000));
    EXPECT_EQ(values(kept), fresh);
    EXPECT_EQ(p.read(mine.get(), 1000), counted(1000, 9000));

    cl_buffer_region region{0, 400};
    cl_int code = CL_SUCCESS;
    const memory_handle part(
        clCreateSubBuffer(mine.get(), CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION, &region, &code));
    ASSERT_EQ(code, CL_SUCCESS);
    EXPECT_EQ(values(*bf::view_of_native<float>(name, part.get(), bf::extents(10, 10))), counted(100, 9000));
  }
}

TEST(opencl_native, what_cannot_be_adopted_is_refused_in_words) {
  for (const std::string& name : devices()) {
    SCOPED_TRACE(name);
    const program p(name);
    const memory_handle small = p.buffer(counted(10));
    const auto lend = [&](void* memory, const bf::extents& shape) {
      return refusal([&] { (void)bf::view_of_native<float>(name, memory, shape); });
    };
    const std::string size = lend(small.get(), bf::extents(11));
    EXPECT_NE(size.find("44 bytes"), std::string::npos) << size;
    EXPECT_NE(size.find("only 40"), std::string::npos) << size;
    lend(p.buffer(counted(10), CL_MEM_WRITE_ONLY).get(), bf::extents(10));
    lend(p.buffer(counted(10), CL_MEM_HOST_NO_ACCESS).get(), bf::extents(10));

    cl_int code = CL_SUCCESS;
    const context_handle other(clCreateContext(nullptr, 1, &p.id, nullptr, nullptr, &code));
    ASSERT_EQ(code, CL_SUCCESS);
    const memory_handle far(clCreateBuffer(other.get(), CL_MEM_READ_WRITE, 40, nullptr, &code));
    const std::string context = lend(far.get(), bf::extents(10));
    EXPECT_NE(context.find("another context"), std::string::npos) << context;

    const queue_handle elsewhere(clCreateCommandQueue(other.get(), p.id, 0, &code));
    auto x = bf::copy_of(counted(10));
    for (void* bad : {static_cast<void*>(elsewhere.get()), static_cast<void*>(nullptr)}) {
      refusal([&] { (void)bf::native(x, name, bf::native_stream{bad}); });
      refusal([&] { (void)bf::native_write(x, name, bf::native_stream{bad}); });
      refusal([&] {
        (void)bf::view_of_native<float>(name, small.get(), bf::extents(10), bf::native_stream{bad});
      });
    }
    EXPECT_EQ(values(x), counted(10));
    EXPECT_EQ(values(bf::map(bf::on(name), twice{}, x)), values(bf::map(bf::on("cpu"), twice{}, x)));
  }
}

}  // namespace
#endif
