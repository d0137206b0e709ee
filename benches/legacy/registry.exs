# The legacy program's registry, from its description in words: a process that keeps key -> value, where a second register of a key
# replaces and renews it, an entry that is not renewed for 35 s is gone, and a register that arrives as the entry expires
# wins. What it costs to put entries in, to keep one, to renew one of many, and to expire all at once.
#
#     elixir benches/legacy/registry.exs SIZE...
#
# Prints a JSON object for each figure, for benches/inside/collect.py.

defmodule Registry35 do
  use GenServer

  def init(expiry_ms), do: {:ok, {expiry_ms, %{}}}

  def handle_cast({:register, key, value}, {expiry_ms, entries}) do
    with %{^key => {_, timer}} <- entries, do: :erlang.cancel_timer(timer)
    # The message of a timer that was replaced carries another reference, so it expires nobody.
    timer = :erlang.start_timer(expiry_ms, self(), key)
    {:noreply, {expiry_ms, Map.put(entries, key, {value, timer})}}
  end

  def handle_call(:count, _from, {_, entries} = state), do: {:reply, map_size(entries), state}

  def handle_info({:timeout, timer, key}, {expiry_ms, entries} = state) do
    case entries do
      %{^key => {_, ^timer}} -> {:noreply, {expiry_ms, Map.delete(entries, key)}}
      _ -> {:noreply, state}
    end
  end
end

defmodule Measure do
  @rounds 5
  # A measurement ends before the entries of its first registrations do.
  @at_once 100_000
  @expiry_ms 35_000
  # Long enough to put them in, short enough to wait for.
  @short_expiry_ms 2000

  def run(size) do
    :rand.seed(:exsss, {1, 2, 3})
    keys = for _ <- 1..size, do: :rand.bytes(16)
    if size <= @at_once, do: insert(size, keys)
    if size <= @at_once, do: expire(size, keys)
    keep_and_renew(size, keys)
  end

  defp insert(size, keys) do
    times =
      for _ <- 1..@rounds do
        {:ok, registry} = GenServer.start_link(Registry35, @expiry_ms)
        time = renew(registry, keys)
        GenServer.stop(registry)
        time
      end

    row("insert, ids", size, "random", "ns", middle(times))
  end

  # All timers have fired while the registry stood still, so this is the work of taking the entries out.
  defp expire(size, keys) do
    {:ok, registry} = GenServer.start_link(Registry35, @short_expiry_ms)
    renew(registry, keys)
    :erlang.suspend_process(registry)
    Process.sleep(2 * @short_expiry_ms)
    begin = System.monotonic_time(:nanosecond)
    :erlang.resume_process(registry)
    0 = GenServer.call(registry, :count, :infinity)
    row("expire all, ids", size, "at once", "ns", (System.monotonic_time(:nanosecond) - begin) / size)
    GenServer.stop(registry)
  end

  defp keep_and_renew(size, keys) do
    before = memory()
    {:ok, registry} = GenServer.start_link(Registry35, @expiry_ms)
    for key <- keys, do: GenServer.cast(registry, {:register, key, value()})
    ^size = GenServer.call(registry, :count, :infinity)
    :erlang.garbage_collect(registry)
    row("memory for an entry of 100 bytes", size, "", "bytes", (memory() - before) / size)

    for {order, keys} <- [{"sequential", keys}, {"random", Enum.shuffle(keys)}] do
      keys = Enum.take(keys, @at_once)
      renew(registry, keys)
      times = for _ <- 1..@rounds, do: renew(registry, keys)
      row("renew, ids", size, order, "ns", middle(times))
    end

    GenServer.stop(registry)
  end

  # Nanoseconds for each: all are sent, and then asked for, so that all have been taken in.
  defp renew(registry, keys) do
    value = value()
    begin = System.monotonic_time(:nanosecond)
    for key <- keys, do: GenServer.cast(registry, {:register, key, value})
    GenServer.call(registry, :count, :infinity)
    (System.monotonic_time(:nanosecond) - begin) / length(keys)
  end

  defp middle(times), do: Enum.at(Enum.sort(times), div(@rounds, 2))

  # Longer binaries than 64 bytes are kept beside the process and shared, so each entry has its own.
  defp value, do: :binary.copy(<<7>>, 84)

  defp memory do
    :erlang.garbage_collect()
    :erlang.memory(:total)
  end

  defp row(group, size, order, unit, median) do
    IO.puts(
      ~s|{"group":"#{group}","system":"legacy (Elixir)","size":#{size},"order":"#{order}","unit":"#{unit}","median":#{Float.round(median * 1.0, 1)}}|
    )
  end
end

for size <- System.argv(), do: Measure.run(String.to_integer(size))
