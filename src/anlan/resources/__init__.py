"""应急保障: teams, vehicles, stores, materials, hospitals, shelters, the road graph."""
