"""监测预警: station, observation, alarm, warning."""
