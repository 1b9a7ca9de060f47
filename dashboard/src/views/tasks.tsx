export function TasksView() {
  return <p class="empty">No tasks.</p>;
}
